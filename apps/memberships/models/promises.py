"""What one member was promised: the price they have, the one they were told of, and what they answered."""

from __future__ import annotations

from datetime import datetime

from django.core import signing
from django.db import models
from django.db.models import Exists, F, Min, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from apps.core.money import Money
from apps.mail.models import Message
from apps.mail.models import Status as MailStatus

from .plans import Price
from .price_changes import PriceChange, PriceChangeStatus
from .statuses import OPEN
from .subscriptions import Subscription

LINK_SALT = "memberships.price-promise"


class Answer(models.TextChoices):
    NONE = "", _("none yet")
    AGREED = "agreed", _("agreed")
    REFUSED = "refused", _("did not agree")


class Outcome(models.TextChoices):
    OPEN = "", _("open")
    MOVED = "moved", _("moved to the new price")
    KEPT = "kept", _("kept the old price")
    ENDED = "ended", _("the membership ended")
    WITHDRAWN = "withdrawn", _("the change was withdrawn")
    LAPSED = "lapsed", _("the member left or changed plan before")


class PricePromiseQuerySet(models.QuerySet["PricePromise"]):
    def open(self) -> PricePromiseQuerySet:
        return self.filter(outcome=Outcome.OPEN)

    def live(self) -> PricePromiseQuerySet:
        """Open ones of a planned change whose member still has the old price."""
        return self.open().filter(
            change__status=PriceChangeStatus.PLANNED,
            subscription__status__in=OPEN,
            subscription__price=F("old_price"),
        )

    def held(self) -> PricePromiseQuerySet:
        """Not applied because a notice was not given; they wait for a person."""
        return self.open().filter(held_at__isnull=False).order_by("held_at", "pk")

    def of(self, subscription: Subscription) -> PricePromise | None:
        """What this member is to be told of their price, with the prices; None when nothing is planned."""
        return (
            self.live()
            .filter(subscription=subscription, held_at=None)
            .select_related("change", "old_price__plan", "new_price__plan")
            .first()
        )

    def for_pages(self) -> PricePromiseQuerySet:
        return self.select_related(
            "change", "old_price__plan", "new_price__plan", "subscription__customer", "subscription__promotion"
        )

    def by_token(self, token: str) -> PricePromise:
        """The promise of the link in our mails. Raises PricePromise.DoesNotExist for a forged or broken token."""
        try:
            pk = signing.Signer(salt=LINK_SALT).unsign(token)
        except signing.BadSignature as problem:
            raise self.model.DoesNotExist("Not a link of this shop") from problem
        return self.for_pages().get(pk=pk)

    def notice_due(self, now: datetime) -> PricePromiseQuerySet:
        """Whose next notice is due at `now`, oldest first. One whose member is about to leave waits: the cancellation
        may be undone."""
        return self._to_notify().filter(next_notice_at__lte=now).order_by("next_notice_at", "pk")

    def next_notice(self) -> datetime | None:
        """When the next notice is due; may lie in the past."""
        return self._to_notify().aggregate(at=Min("next_notice_at"))["at"]

    def _to_notify(self) -> PricePromiseQuerySet:
        leaving = Q(
            subscription__status__in=OPEN,
            subscription__price=F("old_price"),
            subscription__ends_at__isnull=False,
            subscription__ends_at__lte=F("applies_from"),
        )
        return (
            self.open()
            .filter(held_at=None, next_notice_at__isnull=False, change__status=PriceChangeStatus.PLANNED)
            .exclude(leaving)
        )

    def overtaken(self, now: datetime) -> PricePromiseQuerySet:
        """Past their date at `now`, of members who have left or changed plan."""
        there = Subscription.objects.open().filter(pk=OuterRef("subscription"), price=OuterRef("old_price"))
        return self.open().filter(~Exists(there), applies_from__lte=now)

    def to_close(self) -> PricePromiseQuerySet:
        """Open ones of a change that was withdrawn."""
        return self.open().filter(change__status=PriceChangeStatus.WITHDRAWN)


class PricePromise(models.Model):
    """One member's part in a price change. `applies_from` is the first renewal at which the new price may be charged.

    A rise is charged only with the member's consent and after every notice; a CHECK and a trigger on subscriptions
    refuse anything else. `next_notice_at` is when the next notice is due; `held_at` is set when one was missed, and
    then nothing happens until a person decides.
    """

    change = models.ForeignKey(PriceChange, models.PROTECT, related_name="promises", verbose_name=_("price change"))
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="price_promises", verbose_name=_("subscription")
    )
    old_price = models.ForeignKey(Price, models.PROTECT, related_name="promises_kept", verbose_name=_("old price"))
    new_price = models.ForeignKey(Price, models.PROTECT, related_name="promises_made", verbose_name=_("new price"))
    rise_minor = models.BigIntegerField(_("rise"))
    protected_until = models.DateTimeField(_("protected until"), null=True, blank=True)
    applies_from = models.DateTimeField(_("applies from"))
    next_notice_at = models.DateTimeField(_("next notice"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, default="", blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_in = models.CharField(_("answered in"), max_length=20, blank=True)
    consent = models.ForeignKey(
        "accounts.Consent", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("evidence")
    )
    held_at = models.DateTimeField(_("held at"), null=True, blank=True)
    held_reason = models.CharField(_("why it is held"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default="", blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"))

    objects = PricePromiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("price promise")
        verbose_name_plural = _("price promises")
        ordering = ["applies_from", "pk"]
        indexes = [
            models.Index(
                fields=["next_notice_at"],
                condition=Q(outcome="", held_at=None, next_notice_at__isnull=False),
                name="memberships_promise_notices",
            ),
            models.Index(fields=["applies_from"], condition=Q(outcome=""), name="memberships_promise_open"),
            models.Index(fields=["held_at"], condition=Q(outcome="", held_at__isnull=False), name="memberships_held"),
            models.Index(fields=["change", "outcome", "answer"], name="memberships_promise_counts"),
            models.Index(fields=["old_price"], condition=Q(outcome=""), name="memberships_promise_by_price"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["change", "subscription"], name="memberships_promise_once"),
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(outcome=""), name="memberships_one_open_promise"
            ),
            models.CheckConstraint(
                name="memberships_no_rise_without_consent",
                condition=~Q(outcome="moved") | Q(rise_minor__lte=0) | Q(answer="agreed", consent__isnull=False),
            ),
            models.CheckConstraint(
                name="memberships_answer_with_evidence",
                condition=Q(answer="", answered_at=None, answered_in="", consent=None)
                | (~Q(answer="") & ~Q(answered_in="") & Q(answered_at__isnull=False, consent__isnull=False)),
            ),
            models.CheckConstraint(
                name="memberships_only_a_rise_is_refused",
                condition=~Q(outcome__in=["kept", "ended"]) | Q(rise_minor__gt=0),
            ),
            models.CheckConstraint(
                name="memberships_promise_settled_when_closed",
                condition=Q(outcome="", settled_at=None) | (~Q(outcome="") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="memberships_held_with_reason",
                condition=Q(held_at=None, held_reason="") | (Q(held_at__isnull=False) & ~Q(held_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.old_price.amount} → {self.new_price.amount}"

    @property
    def token(self) -> str:
        """The signed token of the link by which the member answers without a login: always the same."""
        return signing.Signer(salt=LINK_SALT).sign(str(self.pk))

    @property
    def needs_consent(self) -> bool:
        return self.rise_minor > 0

    @property
    def has_agreed(self) -> bool:
        return self.answer == Answer.AGREED

    @property
    def may_move(self) -> bool:
        """Whether the member's word, where it is needed, allows the new price."""
        return self.has_agreed or not self.needs_consent

    @property
    def old_total(self) -> Money:
        """What the member pays each period at the old price, for as many as they have at the next renewal."""
        return self.old_price.amount * self.subscription.quantity_next

    @property
    def new_total(self) -> Money:
        """What they would pay each period at the new price."""
        return self.new_price.amount * self.subscription.quantity_next

    @property
    def difference(self) -> Money:
        """By how much that is more or less."""
        return max(self.old_total, self.new_total) - min(self.old_total, self.new_total)

    @property
    def rise(self) -> Money:
        return Money(self.rise_minor, self.new_price.currency)

    def is_answerable_at(self, now: datetime) -> bool:
        """Whether the member can still say yes or no at `now`; the change and the subscription are loaded."""
        return (
            self.outcome == Outcome.OPEN
            and self.held_at is None
            and self.needs_consent
            and now < self.applies_from
            and self.change.status == PriceChangeStatus.PLANNED
            and self.subscription.status in OPEN
            and self.subscription.price_id == self.old_price_id
        )


class PromiseNoticeQuerySet(models.QuerySet["PromiseNotice"]):
    def delivered(self) -> PromiseNoticeQuerySet:
        """Whose mail left before the date it speaks of."""
        sent = Message.objects.filter(key=OuterRef("key"), status=MailStatus.SENT, sent_at__lt=OuterRef("applies_from"))
        return self.filter(Exists(sent))


class PromiseNotice(models.Model):
    """A notice of a price change: the row is the claim and, by the key of its mail, the evidence. Append-only."""

    promise = models.ForeignKey(PricePromise, models.PROTECT, related_name="notices", verbose_name=_("price promise"))
    applies_from = models.DateTimeField(_("date it speaks of"))
    days = models.PositiveSmallIntegerField(_("days before"))
    key = models.CharField(_("key of the mail"), max_length=200, unique=True)
    given_at = models.DateTimeField(_("given"))

    objects = PromiseNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice of a price change")
        verbose_name_plural = _("notices of price changes")
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["promise", "applies_from", "days"], name="memberships_notice_once")
        ]

    def __str__(self) -> str:
        return self.key
