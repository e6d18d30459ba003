"""Invoices. Once issued only their status moves: a trigger refuses every other edit."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import F, Q
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
