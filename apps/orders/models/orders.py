"""Orders: what was bought, for how much, and where it goes."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.fields import LowerCaseEmailField
from apps.accounts.models import User
from apps.billing.models import Invoice
from apps.core.models import MoneyColumn
from apps.core.money import Money
from apps.memberships.models import Signup
from apps.promotions.models import Promotion

from .baskets import Basket
from .statuses import OrderStatus

# Without letters and digits that are mistaken for each other: 31 signs, 8 of them, are 39 bits. A number opens nothing
# by itself; it must only not tell how many orders there are.
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"


def new_number() -> str:
    """A number that is easy to read aloud: K7QD-2MXP."""
    signs = "".join(secrets.choice(ALPHABET) for _place in range(8))
    return f"{signs[:4]}-{signs[4:]}"


class OrderQuerySet(models.QuerySet["Order"]):
    def placed(self) -> OrderQuerySet:
        """Orders that were really made: somebody paid, or the payment waits for a bank."""
        return self.filter(placed_at__isnull=False)

    def of(self, user: User | int) -> OrderQuerySet:
        """The placed orders of a person, or of whom this is the number, newest first: their own, and those they made as
        a guest with an address that is proved to be theirs."""
        guests = User.objects.all().guests_of(user)
        return self.placed().filter(Q(customer=user) | Q(customer__in=guests)).order_by("-placed_at", "-pk")

    def of_guests(self) -> OrderQuerySet:
        """Orders of people without an account: their pages are opened by the token."""
        return self.filter(customer__is_guest=True)

    def unfinished(self) -> OrderQuerySet:
        """Orders that wait for a payment, without those whose payment may still go through."""
        return self.filter(status=OrderStatus.PENDING).exclude(invoice__in=Invoice.objects.undecided())

    def left_before(self, moment: datetime) -> OrderQuerySet:
        return self.unfinished().filter(created_at__lte=moment).order_by("created_at", "pk")

    def to_pack(self) -> OrderQuerySet:
        """What goes with a box is packed with the box's order."""
        return self.filter(status=OrderStatus.PAID, goes_with=None).order_by("paid_at", "pk")

    def for_pages(self) -> OrderQuerySet:
        """With all that a page of one order shows."""
        return self.select_related("customer", "invoice", "signup__price__plan", "packed_with").prefetch_related(
            "lines__variant__product", "lines__pieces", "shipments__lines", "refunds__lines__line", "history"
        )


class Order(models.Model):
    """An order. Amounts in minor units of `currency`; the total includes tax, and is what the invoice says.

    `once` is the form's own mark: the same form sent twice makes one order. `token` opens a guest's page. A `signup` is
    a membership that was bought in the same checkout; it is charged by itself, before the goods.

    The order of a BOX was made by the workers for a paid period: its invoice is the period's, and a given one has none
    of its own. `goes_with` is the subscription with whose next box an order is sent, `packed_with` that box's order.
    """

    class Kind(models.TextChoices):
        SHOP = "shop", _("bought in the shop")
        BOX = "box", _("box")

    number = models.CharField(_("number"), max_length=20, unique=True, default=new_number, editable=False)
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    once = models.UUIDField(unique=True, editable=False)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="orders", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SHOP, db_default=Kind.SHOP.value)
    email = LowerCaseEmailField(_("e-mail address"))
    basket = models.ForeignKey(Basket, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders")
    status = models.CharField(_("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PENDING)
    problem = models.TextField(_("what went wrong"), blank=True)
    address = models.JSONField(_("address"), default=dict, blank=True)
    country = models.CharField(_("taxed in"), max_length=2)
    currency = models.CharField(_("currency"), max_length=3)
    goods_minor = models.BigIntegerField(_("goods"))
    discount_minor = models.BigIntegerField(_("discount"), default=0)
    shipping_minor = models.BigIntegerField(_("shipping"), default=0)
    shipping_name = models.CharField(_("sent by"), max_length=80, blank=True)
    total_minor = models.BigIntegerField(_("total"))
    tax_minor = models.BigIntegerField(_("tax"))
    tax_basis_points = models.PositiveIntegerField(_("tax rate, basis points"))
    agreed = models.JSONField(_("as agreed"), default=dict, editable=False)
    refunded_shipping_minor = models.BigIntegerField(_("shipping given back"), default=0)
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signup = models.OneToOneField(Signup, on_delete=models.PROTECT, null=True, blank=True, related_name="order")
    consent = models.ForeignKey("accounts.Consent", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    goes_with = models.ForeignKey(
        "memberships.Subscription", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    packed_with = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="extras")
    setup_id = models.CharField(_("card set-up"), max_length=255, unique=True, null=True, blank=True)
    invoice = models.OneToOneField(
        "billing.Invoice", on_delete=models.PROTECT, null=True, blank=True, related_name="order"
    )
    created_at = models.DateTimeField(_("begun"))
    placed_at = models.DateTimeField(_("placed"), null=True, blank=True)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    closed_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    goods = MoneyColumn("goods")
    discount = MoneyColumn("discount")
    shipping = MoneyColumn("shipping")
    total = MoneyColumn("total")
    tax = MoneyColumn("tax")
    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["customer", "-placed_at"], name="orders_of_customer"),
            models.Index(fields=["status", "-created_at"], name="orders_by_status"),
            models.Index(fields=["created_at"], condition=Q(status="pending"), name="orders_waiting"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    goods_minor__gte=0,
                    discount_minor__gte=0,
                    discount_minor__lte=F("goods_minor"),
                    shipping_minor__gte=0,
                    total_minor__gte=0,
                    tax_minor__gte=0,
                    tax_minor__lte=F("total_minor"),
                ),
                name="orders_amounts_make_sense",
            ),
            models.CheckConstraint(
                condition=Q(refunded_shipping_minor__range=(0, F("shipping_minor"))),
                name="orders_no_more_shipping_given_back",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "cancelled"])
                | Q(paid_at__isnull=False, placed_at__isnull=False, invoice__isnull=False)
                | Q(paid_at__isnull=False, placed_at__isnull=False, kind="box"),
                name="orders_paid_with_invoice",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", closed_at__isnull=False) | (~Q(status="cancelled") & Q(closed_at=None)),
                name="orders_cancelled_has_date",
            ),
            models.CheckConstraint(
                condition=Q(placed_at=None, invoice=None)
                | Q(placed_at__isnull=False, invoice__isnull=False)
                | Q(placed_at__isnull=False, kind="box"),
                name="orders_placed_with_invoice",
            ),
            models.CheckConstraint(
                condition=Q(kind="box") | Q(consent__isnull=False), name="orders_bought_with_consent"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_shipped(self) -> bool:
        """Whether there is anything to send. Reads the lines."""
        return any(line.is_shipped for line in self.lines.all())

    @property
    def relieved(self) -> Money:
        """The tax in the prices that was not charged, because the customer accounts for it."""
        return self.goods - self.discount + self.shipping - self.total

    @property
    def may_be_cancelled(self) -> bool:
        """Whether the customer can still call it off by themselves: until it is packed. A box is skipped, or its
        contract left, instead."""
        return self.status == OrderStatus.PAID and self.kind == self.Kind.SHOP

    @property
    def refunded(self) -> Money:
        """What was given back so far. Reads the refunds."""
        return Money(sum(refund.amount_minor for refund in self.refunds.all()), self.currency)
