"""Boxes: plans that send a parcel each period. The contract and its money are the membership's; what is in the parcel,
where it goes and what became of it is here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.catalog.models import Kind, Product, Variant
from apps.memberships.models import Plan, Subscription

from .orders import Order


class Box(models.Model):
    """What a plan sends: one of `product`, a bundle, each period. Until `cutoff_days` before the charge the customer
    can change, skip or move the next one; from then on it is being packed."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="box", verbose_name=_("plan"))
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        related_name="boxes",
        limit_choices_to={"kind": Kind.BUNDLE},
        verbose_name=_("bundle"),
    )
    cutoff_days = models.PositiveSmallIntegerField(
        _("closes, days before the charge"),
        default=2,
        help_text=_("So long before the charge the next box can be changed, skipped or moved."),
    )

    class Meta:
        verbose_name = _("box")
        verbose_name_plural = _("boxes")
        ordering = ["plan"]

    def __str__(self) -> str:
        return str(self.plan)

    def closes_at(self, charge_at: datetime) -> datetime:
        """The instant (UTC) from which the box that is charged at `charge_at` is as it is."""
        return charge_at - timedelta(days=self.cutoff_days)


class BoxRecipient(models.Model):
    """How one customer wants the boxes of a group of plans: where they go, and what is in them, variant by slot.

    `choices` hold for every box, `next_choices` for the next one alone. A slot without a choice is filled with the
    first that is there. `address` is as `accounts.addresses.normalise` returns it; empty while it is not known.
    `told_for` is the day of the box of which the last reminder that it closes spoke.
    """

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="boxes")
    plan_group = models.SlugField(_("group"))
    address = models.JSONField(_("address"), default=dict, blank=True)
    choices = models.JSONField(_("usually in it"), default=dict, blank=True)
    next_choices = models.JSONField(_("in the next one"), null=True, blank=True)
    told_for = models.DateTimeField(_("reminded of the box of"), null=True, blank=True)

    class Meta:
        verbose_name = _("recipient of boxes")
        verbose_name_plural = _("recipients of boxes")
        constraints = [
            models.UniqueConstraint(fields=["customer", "plan_group"], name="orders_one_recipient_per_group")
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {self.plan_group}"

    @property
    def picked(self) -> dict[int, int]:
        """What is in every box: the variant by slot."""
        return {int(slot): variant for slot, variant in self.choices.items()}

    @property
    def picked_next(self) -> dict[int, int]:
        """What is in the next one: the variant by slot."""
        chosen = self.choices if self.next_choices is None else self.next_choices
        return {int(slot): variant for slot, variant in chosen.items()}


class DeliveryStatus(models.TextChoices):
    DUE = "due", _("to be made ready")
    HELD = "held", _("waits for a person")
    ORDERED = "ordered", _("an order")
    CANCELLED = "cancelled", _("cancelled")


class BoxDeliveryQuerySet(models.QuerySet["BoxDelivery"]):
    def due(self, now: datetime) -> BoxDeliveryQuerySet:
        """To be turned into orders, the oldest first."""
        return self.filter(status=DeliveryStatus.DUE, due_at__lte=now).order_by("due_at", "pk")

    def of(self, customer: User, *, group: str) -> BoxDeliveryQuerySet:
        """A customer's parcels of a group of plans with what became of them, the latest first: four queries."""
        mine = self.filter(subscription__customer=customer, subscription__plan_group=group)
        made = mine.select_related("order").prefetch_related("order__lines__pieces", "order__shipments")
        return made.order_by("-due_at", "-pk")

    def held(self) -> BoxDeliveryQuerySet:
        return self.filter(status=DeliveryStatus.HELD).order_by("due_at", "pk")


class BoxDelivery(models.Model):
    """One parcel that is owed: written when its period is paid for, turned into an order by the workers.

    `number` counts the parcels of a subscription from 0, `due_at` is when it is to be sent. `held_for` says why a
    person is needed. The order is one of Order.Kind.BOX.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="deliveries")
    number = models.PositiveIntegerField(_("number"))
    invoice = models.ForeignKey("billing.Invoice", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("boxes"))
    due_at = models.DateTimeField(_("due"))
    status = models.CharField(_("status"), max_length=10, choices=DeliveryStatus, default=DeliveryStatus.DUE)
    held_for = models.CharField(_("why it waits"), max_length=300, blank=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="delivery")

    objects = BoxDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of a box")
        verbose_name_plural = _("deliveries of boxes")
        ordering = ["due_at", "pk"]
        indexes = [models.Index(fields=["due_at"], condition=Q(status="due"), name="orders_boxes_due")]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "number"], name="orders_delivery_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="orders_delivery_quantity"),
            models.CheckConstraint(
                name="orders_delivery_status_backed",
                condition=Q(status="ordered", order__isnull=False, held_for="")
                | (Q(status="held", order=None) & ~Q(held_for=""))
                | Q(status__in=["due", "cancelled"], order=None, held_for=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}/{self.number}"


class BoxStopKind(models.TextChoices):
    SUBSTITUTE = "substitute", _("put something else in")
    PAUSE = "pause", _("send none until a day")


class BoxStop(models.Model):
    """What staff decided for everybody's boxes when something ran out; the workers carry it out, customer by customer.

    SUBSTITUTE: `variant` is replaced by `substitute` wherever it was chosen and has not been packed. PAUSE: nobody's
    next box comes, or is charged, before `until`. `handled` and `passed_over` count the customers.
    """

    box = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="stops", verbose_name=_("box"))
    kind = models.CharField(_("what happens"), max_length=10, choices=BoxStopKind)
    variant = models.ForeignKey(
        Variant, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("what ran out")
    )
    substitute = models.ForeignKey(
        Variant, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("what goes in")
    )
    until = models.DateTimeField(_("until"), null=True, blank=True)
    actor = models.CharField(_("by"), max_length=254)
    created_at = models.DateTimeField(_("decided at"))
    done_at = models.DateTimeField(_("carried out"), null=True, blank=True)
    handled = models.PositiveIntegerField(_("customers"), default=0)
    passed_over = models.PositiveIntegerField(_("passed over"), default=0)

    class Meta:
        verbose_name = _("stop of a box")
        verbose_name_plural = _("stops of boxes")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="orders_stop_says_what",
                condition=Q(kind="substitute", variant__isnull=False, substitute__isnull=False, until=None)
                | Q(kind="pause", variant=None, substitute=None, until__isnull=False),
            ),
            models.UniqueConstraint(fields=["box"], condition=Q(done_at=None), name="orders_one_stop_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.box}: {self.get_kind_display()}"
