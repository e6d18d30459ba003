"""What a variant costs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import MoneyColumn
from apps.core.money import Money


class ProductPrice(models.Model):
    """What a variant costs in one currency, tax included, for everybody and for members."""

    variant = models.ForeignKey(
        "catalog.Variant", on_delete=models.CASCADE, related_name="prices", verbose_name=_("variant")
    )
    # That of the variant, kept here so that a shelf of products finds its prices in one statement.
    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, related_name="prices", editable=False, verbose_name=_("product")
    )
    currency = models.CharField(_("currency"), max_length=3, choices=[("EUR", _("Euro")), ("USD", _("US dollar"))])
    amount_minor = models.BigIntegerField(_("price"), help_text=_("In the currency's smallest unit (cents), with tax."))
    member_amount_minor = models.BigIntegerField(
        _("price for members"), null=True, blank=True, help_text=_("Empty: members pay the same.")
    )

    amount = MoneyColumn("amount")
    member_amount = MoneyColumn("member_amount")

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["currency", "amount_minor"]
        indexes = [models.Index(fields=["product", "currency", "amount_minor"], name="catalog_price_of_product")]
        constraints = [
            models.UniqueConstraint(fields=["variant", "currency"], name="catalog_one_price_per_currency"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="catalog_price_positive"),
            models.CheckConstraint(
                condition=Q(member_amount_minor=None)
                | Q(member_amount_minor__gt=0, member_amount_minor__lt=F("amount_minor")),
                name="catalog_member_price_is_lower",
                violation_error_message=_("The members' price must be lower than the ordinary one."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.amount)

    def save(self, *args, **kwargs) -> None:
        self.product_id = self.variant.product_id
        super().save(*args, **kwargs)

    def amount_for(self, *, member: bool) -> Money:
        """What one piece costs this visitor, tax included."""
        return self.member_amount if member and self.member_amount is not None else self.amount

    @property
    def member_saving(self):
        """What a member pays less; None where members pay the same."""
        return None if self.member_amount is None else self.amount - self.member_amount
