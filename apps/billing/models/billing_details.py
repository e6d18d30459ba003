"""Who is billed, beyond the name: company, address, tax number, and the evidence that the number is registered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing import tax_numbers


class NumberStatus(models.TextChoices):
    """What the registry said last. Nothing but VALID ever frees a customer from tax."""

    UNCHECKED = "unchecked", _("not checked")
    VALID = "valid", _("registered")
    INVALID = "invalid", _("not registered")


class BillingDetailsQuerySet(models.QuerySet["BillingDetails"]):
    def of(self, customer) -> BillingDetails | None:
        """The details of a customer, or None when they never gave any."""
        return self.filter(customer=customer).first()

    def to_check(self, now: datetime, *, seller_country: str) -> BillingDetailsQuerySet:
        """Whose number is to be asked about at `now`, the longest waiting first. A number of the seller's own country
        changes nothing and is not asked about."""
        return self._checkable(seller_country).filter(next_check_at__lte=now).order_by("next_check_at", "pk")

    def next_check(self, *, seller_country: str) -> datetime | None:
        """When the next number is to be asked about; may lie in the past."""
        return self._checkable(seller_country).aggregate(at=models.Min("next_check_at"))["at"]

    def _checkable(self, seller_country: str) -> BillingDetailsQuerySet:
        if not tax_numbers.in_union(seller_country):
            return self.none()
        return self.exclude(tax_number__startswith=tax_numbers.prefix_of(seller_country))


class BillingDetails(models.Model):
    """What a customer wants on their invoices. The country is that of their account.

    `number_status` is the verdict of the registry on `tax_number`, given at `checked_at` and good until `valid_until`;
    at `next_check_at` it is asked again. The evidence is in TaxNumberCheck. A number outside the Union is only printed.
    """

    customer = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="billing_details", verbose_name=_("customer")
    )
    company = models.CharField(_("company"), max_length=200, blank=True)
    line1 = models.CharField(_("street and number"), max_length=120, blank=True)
    line2 = models.CharField(_("address, second line"), max_length=120, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    tax_number = models.CharField(_("VAT number"), max_length=tax_numbers.LONGEST, blank=True)
    number_status = models.CharField(
        _("VAT number is"), max_length=10, choices=NumberStatus, default=NumberStatus.UNCHECKED
    )
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    valid_until = models.DateTimeField(_("good until"), null=True, blank=True)
    next_check_at = models.DateTimeField(_("next check"), null=True, blank=True)
    updated_at = models.DateTimeField(_("changed"))

    objects = BillingDetailsQuerySet.as_manager()

    class Meta:
        verbose_name = _("billing details")
        verbose_name_plural = _("billing details")
        ordering = ["-updated_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(number_status__in=["unchecked", "valid", "invalid"]), name="billing_details_number_status"
            ),
            models.CheckConstraint(
                condition=Q(number_status="valid", valid_until__isnull=False, valid_until__gt=F("checked_at"))
                | ~Q(number_status="valid") & Q(valid_until=None),
                name="billing_details_valid_until_an_end",
            ),
            models.CheckConstraint(
                condition=Q(number_status="unchecked", checked_at=None)
                | ~Q(number_status="unchecked") & Q(checked_at__isnull=False) & ~Q(tax_number=""),
                name="billing_details_verdict_with_number_and_date",
            ),
            models.CheckConstraint(
                condition=~Q(tax_number="") | Q(next_check_at=None), name="billing_details_no_number_no_check"
            ),
            models.CheckConstraint(
                condition=Q(tax_number="") | ~Q(company="") & ~Q(line1="") & ~Q(city=""),
                name="billing_details_number_of_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_check_at"], name="billing_details_to_check", condition=Q(next_check_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.company or str(self.customer)

    @property
    def address(self) -> str:
        """The address as it is printed, one line each, without the country."""
        place = " ".join(part for part in (self.postcode, self.city) if part)
        return "\n".join(part for part in (self.line1, self.line2, place) if part)

    def proves_reverse_charge(self, *, country: str, seller_country: str, now: datetime) -> bool:
        """Whether the customer, who lives in `country`, accounts for the tax on what a seller in `seller_country` sells
        (ISO 3166 alpha-2): both in the Union, in different states, and the number, of the customer's own state, was
        found registered and not too long ago (Directive 2006/112/EC, Art. 44 and 196)."""
        return (
            self.number_status == NumberStatus.VALID
            and self.valid_until is not None
            and now < self.valid_until
            and country != seller_country
            and tax_numbers.in_union(country)
            and tax_numbers.in_union(seller_country)
            and self.tax_number.startswith(tax_numbers.prefix_of(country))
        )


class Outcome(models.TextChoices):
    """How a question to the registry went."""

    VALID = "valid", _("registered")
    INVALID = "invalid", _("not registered")
    UNAVAILABLE = "unavailable", _("no answer")


class TaxNumberCheck(models.Model):
    """One question to the registry and its answer: the evidence behind an invoice without tax. The table only grows.

    `consultation_number` is the registry's own proof; it gives one only to a requester with a number of theirs.
    """

    details = models.ForeignKey(
        BillingDetails, on_delete=models.PROTECT, related_name="checks", verbose_name=_("billing details")
    )
    tax_number = models.CharField(_("VAT number"), max_length=tax_numbers.LONGEST)
    requester_number = models.CharField(_("asked by"), max_length=tax_numbers.LONGEST, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome)
    name = models.CharField(_("registered name"), max_length=300, blank=True)
    address = models.TextField(_("registered address"), blank=True)
    consultation_number = models.CharField(_("consultation number"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    asked_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name = _("VAT number check")
        verbose_name_plural = _("VAT number checks")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["valid", "invalid", "unavailable"]), name="billing_number_check_outcome"
            )
        ]
        indexes = [models.Index(fields=["details", "-asked_at"], name="billing_number_checks_of")]

    def __str__(self) -> str:
        return f"{self.tax_number}: {self.get_outcome_display()}"


class TaxNumberTryQuerySet(models.QuerySet["TaxNumberTry"]):
    def since(self, moment: datetime) -> TaxNumberTryQuerySet:
        return self.filter(at__gt=moment)


class TaxNumberTry(models.Model):
    """Somebody typed a number that the registry is to be asked about. It is written before the question is put, and is
    what bounds how many one person can have asked; forgotten after a while."""

    details = models.ForeignKey(
        BillingDetails, on_delete=models.PROTECT, related_name="tries", verbose_name=_("billing details")
    )
    tax_number = models.CharField(_("VAT number"), max_length=tax_numbers.LONGEST)
    at = models.DateTimeField(_("at"))

    objects = TaxNumberTryQuerySet.as_manager()

    class Meta:
        verbose_name = _("VAT number typed")
        verbose_name_plural = _("VAT numbers typed")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["details", "-at"], name="billing_number_tries_of"),
            models.Index(fields=["at"], name="billing_number_tries_by_time"),
        ]

    def __str__(self) -> str:
        return self.tax_number
