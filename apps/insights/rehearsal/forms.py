"""What staff fill in to rehearse."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from . import CERTAIN, LONGEST_DAYS


class RehearsalForm(forms.Form):
    """How far ahead, and how unlucky."""

    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=LONGEST_DAYS, initial=30)
    decline_percent = forms.DecimalField(
        label=_("Declined charges, percent"),
        help_text=_("Of charges on cards that look good. 0: every saved card that has not expired is charged."),
        min_value=0,
        max_value=CERTAIN // 100,
        decimal_places=2,
        initial=0,
        required=False,
    )

    def terms(self) -> dict[str, int]:
        """Days, and the share of declined charges in basis points."""
        return {
            "days": self.cleaned_data["days"],
            "decline_basis_points": int((self.cleaned_data["decline_percent"] or 0) * 100),
        }
