"""Invoices. Once issued only their status moves: a trigger refuses every other edit, and the lines are append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn
from apps.core.money import Money

PAY_SALT = "billing.pay-invoice"


class TaxTreatment(models.TextChoices):
    """By which rule an invoice is taxed."""

    STANDARD = "standard", _("taxed at the customer's rate")
    REVERSE_CHARGE = "reverse_charge", _("reverse charge: the customer accounts for the tax")


class Supply(models.TextChoices):
    """What a line supplies: on this depend the words of an invoice that charges no tax."""

    SERVICE = "service", _("a service")
    GOODS = "goods", _("goods that are sent")


class InvoiceSeries(models.Model):
    """A gapless run of numbers. The next number is taken in the transaction that issues, so a rollback returns it."""

    code = models.SlugField(_("code"), unique=True)
    prefix = models.CharField(_("prefix"), max_length=20, unique=True)
    next_number = models.PositiveBigIntegerField(_("next number"), default=1)

    class Meta:
        verbose_name = _("invoice series")
        verbose_name_plural = _("invoice series")

    def __str__(self) -> str:
        return self.code

    def printed(self, serial: int) -> str:
        """A serial as it is printed: prefix and at least six digits."""
        return f"{self.prefix}{serial:06d}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def of(self, customer) -> InvoiceQuerySet:
        """Invoices of a customer, newest first."""
        return self.filter(customer=customer).order_by("-issued_at", "-pk")

    def open(self) -> InvoiceQuerySet:
        """Invoices somebody still owes."""
        return self.filter(status=Invoice.Status.OPEN)

    def paid(self) -> InvoiceQuerySet:
        return self.filter(status=Invoice.Status.PAID)

    def with_lines(self) -> InvoiceQuerySet:
        return self.select_related("stated_tax").prefetch_related("lines")

    def undecided(self) -> InvoiceQuerySet:
        """Invoices with a charge in flight or of unknown outcome: nothing may be decided about them yet."""
        from .payment import Payment

        return self.filter(pk__in=Payment.objects.undecided().values("invoice"))

    def abandoned(self, before: datetime) -> InvoiceQuerySet:
        """Open invoices issued before an instant that nobody is collecting: no open payment, no open recovery."""
        from .dunning import Recovery
        from .payment import Payment

        return (
            self.open()
            .filter(issued_at__lt=before)
            .exclude(pk__in=Payment.objects.open().values("invoice"))
            .exclude(pk__in=Recovery.objects.open().values("invoice"))
        )

    def by_pay_token(self, token: str) -> Invoice:
        """The invoice of a pay link. Raises Invoice.DoesNotExist for a forged or broken token."""
        try:
            pk = signing.Signer(salt=PAY_SALT).unsign(token)
        except signing.BadSignature as problem:
            raise Invoice.DoesNotExist("Not a pay link of this shop") from problem
        return self.get(pk=pk)


class Invoice(models.Model):
    """What a customer owes for something sold. Amounts in minor units of `currency`; `total` includes tax."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        PAID = "paid", _("paid")
        VOID = "void", _("void")
        UNCOLLECTIBLE = "uncollectible", _("uncollectible")

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("customer")
    )
    key = models.CharField(_("key"), max_length=200, unique=True)
    series = models.ForeignKey(InvoiceSeries, on_delete=models.PROTECT, related_name="+", verbose_name=_("series"))
    serial = models.PositiveBigIntegerField(_("serial"))
    number = models.CharField(_("number"), max_length=40, unique=True)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.OPEN)
    reason = models.CharField(_("reason"), max_length=40)
    scope = models.CharField(_("what for"), max_length=60, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total"))
    tax_minor = models.BigIntegerField(_("tax"))
    credit_applied_minor = models.BigIntegerField(_("credit applied"), default=0)
    due_minor = models.BigIntegerField(_("due"))
    customer_name = models.CharField(_("customer's name"), max_length=200, blank=True)
    customer_email = models.EmailField(_("customer's email"))
    customer_country = models.CharField(_("customer's country"), max_length=2)
    customer_company = models.CharField(_("customer's company"), max_length=200, blank=True)
    customer_address = models.TextField(_("customer's address"), blank=True, help_text=_("As printed: one line each."))
    customer_tax_number = models.CharField(_("customer's VAT number"), max_length=20, blank=True)
    tax_treatment = models.CharField(
        _("tax treatment"), max_length=20, choices=TaxTreatment, default=TaxTreatment.STANDARD
    )
    seller_details = models.JSONField(_("seller, as printed"), default=dict, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    voided_at = models.DateTimeField(_("voided"), null=True, blank=True)

    total = MoneyColumn("total")
    tax = MoneyColumn("tax")
    credit_applied = MoneyColumn("credit_applied")
    due = MoneyColumn("due")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["open", "paid", "void", "uncollectible"]), name="billing_invoice_status"
            ),
            models.UniqueConstraint(fields=["series", "serial"], name="billing_invoice_serial_once"),
            models.CheckConstraint(
                condition=Q(tax_treatment="standard")
                | Q(tax_treatment="reverse_charge", tax_minor__lte=0) & ~Q(customer_tax_number=""),
                # It may give tax back that was charged before, for a period that is cut short.
                name="billing_invoice_reverse_charge_charges_no_tax",
            ),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="billing_invoice_total_not_negative"),
            models.CheckConstraint(
                condition=Q(credit_applied_minor__gte=0, credit_applied_minor__lte=F("total_minor")),
                name="billing_invoice_credit_within_total",
            ),
            models.CheckConstraint(
                condition=Q(due_minor=F("total_minor") - F("credit_applied_minor")), name="billing_invoice_due_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(status="paid", paid_at__isnull=False) | (~Q(status="paid") & Q(paid_at=None)),
                name="billing_invoice_paid_has_date",
            ),
            models.CheckConstraint(
                condition=Q(status="void", voided_at__isnull=False) | (~Q(status="void") & Q(voided_at=None)),
                name="billing_invoice_void_has_date",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-issued_at"], name="billing_invoice_by_customer"),
            models.Index(fields=["issued_at"], name="billing_invoice_open", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def net(self) -> Money:
        """The total without tax."""
        return self.total - self.tax

    @property
    def is_reverse_charge(self) -> bool:
        """Whether the customer accounts for the tax (Directive 2006/112/EC, Art. 138 for goods, 196 for services)."""
        return self.tax_treatment == TaxTreatment.REVERSE_CHARGE

    @property
    def adds_tax(self) -> bool:
        """Whether its lines are read without tax, and the tax below them. Reads the lines."""
        return self.is_reverse_charge or any(not line.tax_included for line in self.lines.all())

    @property
    def is_settled(self) -> bool:
        """Whether nothing is owed any more, for whatever reason."""
        return self.status != self.Status.OPEN

    @property
    def pay_token(self) -> str:
        """The signed token of the link by which this invoice is paid without a login: always the same, for ever
        good."""
        return signing.Signer(salt=PAY_SALT).sign(str(self.pk))


class Left(NamedTuple):
    """What is left of a line: not credited by a note, nor given back by a later invoice. `gross_minor` includes
    `tax_minor`, and `given_back_minor` is what was given back; in minor units, with the sign of the line."""

    line: InvoiceLine
    gross_minor: int
    tax_minor: int
    given_back_minor: int


class InvoiceLineQuerySet(models.QuerySet["InvoiceLine"]):
    def left(self) -> list[Left]:
        """The lines with what is left of each, in the order of invoices and positions. One statement."""
        credited, credited_tax = (_sum_of("billing.CreditNoteLine", "line", name) for name in _AMOUNTS)
        given, given_tax = (_sum_of("billing.GivenBack", "of", name) for name in _AMOUNTS)
        rows: Any = self.annotate(credited=credited, credited_tax=credited_tax, given=given, given_tax=given_tax)
        return [
            Left(
                row,
                row.amount_minor - row.credited - row.given,
                row.tax_minor - row.credited_tax - row.given_tax,
                row.given,
            )
            for row in rows.order_by("invoice", "position")
        ]


_AMOUNTS = ("amount_minor", "tax_minor")


def _sum_of(model: str, reference: str, column: str) -> Coalesce:
    """What the rows of another table that refer to a line come to. Joined, two tables would multiply each other."""
    rows = apps.get_model(model)._default_manager.order_by().filter(**{reference: OuterRef("pk")}).values(reference)
    return Coalesce(
        Subquery(rows.annotate(total=Sum(column)).values("total")), 0, output_field=models.BigIntegerField()
    )


class InvoiceLine(models.Model):
    """One line, with all that is needed to compute it again: see `rules.recompute`."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", verbose_name=_("invoice"))
    position = models.PositiveSmallIntegerField(_("position"))
    kind = models.CharField(_("kind"), max_length=40)
    supply = models.CharField(
        _("what is supplied"),
        max_length=10,
        choices=Supply,
        default=Supply.SERVICE,
        db_default=Supply.SERVICE.value,
    )
    description = models.CharField(_("description"), max_length=300)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_minor = models.BigIntegerField(_("unit price"))
    amount_minor = models.BigIntegerField(_("amount"))
    net_minor = models.BigIntegerField(_("net"))
    tax_minor = models.BigIntegerField(_("tax"))
    tax_basis_points = models.PositiveIntegerField(_("tax rate, basis points"))
    tax_included = models.BooleanField(
        _("price with tax"), default=True, db_default=True, help_text=_("Whether the unit price contains the tax.")
    )
    period_start = models.DateTimeField(_("period start"), null=True, blank=True)
    period_end = models.DateTimeField(_("period end"), null=True, blank=True)
    inputs = models.JSONField(_("inputs"), default=dict)

    objects = InvoiceLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice line")
        verbose_name_plural = _("invoice lines")
        ordering = ["invoice", "position"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="billing_line_position_once"),
            models.CheckConstraint(
                condition=Q(amount_minor=F("net_minor") + F("tax_minor")), name="billing_line_net_and_tax_add_up"
            ),
            models.CheckConstraint(
                condition=Q(period_start=None, period_end=None) | Q(period_end__gt=F("period_start")),
                name="billing_line_period_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def currency(self) -> str:
        return self.invoice.currency

    @property
    def reckoned(self) -> Money:
        """What `rules.recompute` comes to: the amount as its price is stated, before tax was added or taken out."""
        if not self.tax_included:
            return self.net
        return self.amount + self.relieved

    @property
    def relieved(self) -> Money:
        """The tax that its price contains and that was not charged, because the customer accounts for it."""
        return Money(self.inputs.get("relieved_minor", 0), self.currency)

    unit = MoneyColumn("unit")
    amount = MoneyColumn("amount")
    net = MoneyColumn("net")
    tax = MoneyColumn("tax")
