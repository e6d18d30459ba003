"""What plans grant."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.core.translations import TranslatedQuerySet

# The code of the benefit that opens the members' prices of goods.
MEMBER_PRICES = "member-prices"


class BenefitQuerySet(TranslatedQuerySet["Benefit"]):
    def granting(self, code: str) -> BenefitQuerySet:
        """Benefits with this code that are really granted: a value of False says that the plan has it not."""
        return self.filter(code=code).exclude(value=False)


class Benefit(models.Model):
    """What a plan grants: a sentence for people, a code and a value for the rest of the shop."""

    plan = models.ForeignKey("memberships.Plan", on_delete=models.CASCADE, related_name="benefits")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    text = models.CharField(_("text"), max_length=200)
    code = models.SlugField(_("code"))
    label = models.CharField(
        _("short"),
        max_length=60,
        blank=True,
        help_text=_("What its row is called where plans that grant it differently are compared, such as “Guides”."),
    )
    value = models.JSONField(_("value"), default=bool, blank=True)
    i18n = TranslationField(fields=("text", "label"))

    objects = BenefitQuerySet.as_manager()

    class Meta:
        verbose_name = _("benefit")
        verbose_name_plural = _("benefits")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["plan", "code"], name="memberships_benefit_once_per_plan")]

    text_i18n: str
    label_i18n: str

    def __str__(self) -> str:
        return self.text_i18n
