"""What people declare without a login: that they cancel, or withdraw from, a contract; and what became of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.fields import LowerCaseEmailField
from apps.core.models import MoneyColumn

from .subscriptions import Subscription


class DeclarationKind(models.TextChoices):
    CANCEL = "cancel", _("cancellation")
    WITHDRAW = "withdraw", _("withdrawal")


class Manner(models.TextChoices):
    """How a contract is cancelled: as anybody may at any time, or at once because of what happened."""

    ORDINARY = "ordinary", _("Ordinary cancellation")
    GOOD_REASON = "good_reason", _("Cancellation for good reason")


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    def since(self, moment: datetime) -> DeclarationQuerySet:
        """Those made after an instant, newest first."""
        return self.filter(declared_at__gt=moment).order_by("-declared_at", "-pk")


class Declaration(models.Model):
    """One declaration, word for word: evidence. The table only grows; erasure blanks the person's own words alone.

    `token` opens the receipt for whoever declared; the letter to the address holds another secret, see Handling.
    """

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("declaration"), max_length=10, choices=DeclarationKind)
    manner = models.CharField(_("type"), max_length=12, choices=Manner, default=Manner.ORDINARY)
    cause = models.TextField(_("good reason"), blank=True)
    name = models.CharField(_("name"), max_length=150)
    email = LowerCaseEmailField(_("e-mail address"))
    contract = models.CharField(_("contract"), max_length=200, blank=True)
    wanted_on = models.DateField(_("to end on"), null=True, blank=True)
    words = models.TextField(_("words"), help_text=_("The declaration as its receipt says it."))
    words_hash = models.CharField(_("SHA-256 of the words"), max_length=64)
    locale = models.CharField(_("language"), max_length=10)
    client_hash = models.CharField(_("keyed hash of the sender's IP address"), max_length=64)
    source = models.CharField(_("source"), max_length=20)
    declared_at = models.DateTimeField(_("declared at"))

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = _("declaration")
        verbose_name_plural = _("declarations")
        ordering = ["-declared_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["cancel", "withdraw"]), name="memberships_declaration_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(manner="ordinary") | Q(manner="good_reason", kind="cancel"),
                name="memberships_good_reason_to_cancel_only",
            ),
        ]
        indexes = [
            models.Index(fields=["email", "-declared_at"], name="memberships_declared_by_mail"),
            models.Index(fields=["client_hash", "-declared_at"], name="memberships_declared_by_client"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.declared_at:%Y-%m-%d %H:%M}"


class HandlingStatus(models.TextChoices):
    RECEIVED = "received", _("received")
    WAITING = "waiting", _("carried out when nobody objects")
    PERSON = "person", _("waits for a person")
    DONE = "done", _("carried out")
    UNDONE = "undone", _("undone")
    ANSWERED = "answered", _("answered")


class Doubt(models.TextChoices):
    """Why a machine does not decide."""

    NONE = "", "–"
    NO_MATCH = "no_match", _("No open contract of this address was found.")
    SEVERAL = "several", _("More than one contract may be meant.")
    UNKNOWN_NUMBER = "unknown_number", _("The contract that is named was not found.")
    NOT_BOUGHT = "not_bought", _("The membership was given, not bought.")
    GIFT = "gift", _("A gift is meant, or may be.")
    TOO_LATE = "too_late", _("The fourteen days are over.")
    GOOD_REASON = "good_reason", _("A good reason is given: the membership is cancelled to the end of its period.")
    LATER = "later", _("It is to end after the present period.")
    FAILED = "failed", _("It could not be carried out.")
    PARCEL = "parcel", _("The contract has ended. The money goes back when the parcel is back.")


class HandlingQuerySet(models.QuerySet["Handling"]):
    def to_handle(self, now: datetime) -> HandlingQuerySet:
        """What the workers carry on at `now`, the oldest first."""
        return self.open_to_workers().filter(act_at__lte=now).order_by("act_at", "pk")

    def open_to_workers(self) -> HandlingQuerySet:
        return self.filter(status__in=[HandlingStatus.RECEIVED, HandlingStatus.WAITING])

    def for_a_person(self) -> HandlingQuerySet:
        """What waits for staff, the oldest first."""
        return self.filter(status=HandlingStatus.PERSON).order_by("declaration__declared_at", "pk")


class Handling(models.Model):
    """What becomes of one declaration. `secret` is in the letter to the address alone: whoever has it reads that mail,
    and may undo the declaration or have it carried out without waiting.

    `act_at` is when the workers carry it on; `held`: the renewal was stopped meanwhile, by this declaration.
    """

    declaration = models.OneToOneField(Declaration, on_delete=models.PROTECT, related_name="handling")
    secret = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=HandlingStatus, default=HandlingStatus.RECEIVED, editable=False
    )
    doubt = models.CharField(_("why a person decides"), max_length=20, choices=Doubt, blank=True)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="declarations"
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="declarations"
    )
    held = models.BooleanField(_("renewal stopped"), default=False)
    act_at = models.DateTimeField(_("next step"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    to_card_minor = models.BigIntegerField(_("back to the card"), null=True, blank=True)
    to_credit_minor = models.BigIntegerField(_("back as credit"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=254, blank=True)
    answer = models.TextField(_("answer"), blank=True)

    to_card = MoneyColumn("to_card")
    to_credit = MoneyColumn("to_credit")

    objects = HandlingQuerySet.as_manager()

    class Meta:
        verbose_name = _("handling of a declaration")
        verbose_name_plural = _("handling of declarations")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["received", "waiting"], act_at__isnull=False)
                | ~Q(status__in=["received", "waiting"]) & Q(act_at=None),
                name="memberships_handling_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["done", "undone", "answered"], settled_at__isnull=False)
                | ~Q(status__in=["done", "undone", "answered"]) & Q(settled_at=None),
                name="memberships_handling_settled_with_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="person") | ~Q(doubt=""), name="memberships_handling_says_why_a_person"
            ),
            models.CheckConstraint(
                condition=~Q(status="waiting") | Q(subscription__isnull=False), name="memberships_handling_of_something"
            ),
        ]
        indexes = [
            models.Index(fields=["act_at"], condition=Q(act_at__isnull=False), name="memberships_handlings_due"),
            models.Index(fields=["id"], condition=Q(status="person"), name="memberships_handlings_to_staff"),
        ]

    def __str__(self) -> str:
        return str(self.declaration)

    @property
    def is_withdrawal(self) -> bool:
        return self.declaration.kind == DeclarationKind.WITHDRAW

    @property
    def may_undo(self) -> bool:
        """Whether there is something that the letter's link can take back; a cancellation only until the end."""
        if self.doubt == Doubt.PARCEL:
            return False
        if self.status == HandlingStatus.DONE:
            return self.held and self.subscription is not None and self.subscription.is_cancelling
        return self.status in (HandlingStatus.RECEIVED, HandlingStatus.WAITING, HandlingStatus.PERSON)
