"""Forms of the back office's catalogue."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from . import stock
from .models import Stock, Variant

RECEIVED, COUNTED = "received", "counted"
_MOST = 1_000_000


class StockForm(forms.Form):
    """A delivery or a count of one variant."""

    what = forms.ChoiceField(
        label=gettext_lazy("What happened"),
        choices=[(RECEIVED, gettext_lazy("A delivery arrived")), (COUNTED, gettext_lazy("Somebody counted"))],
        widget=UnfoldAdminSelectWidget,
    )
    pieces = forms.IntegerField(
        label=gettext_lazy("Pieces"),
        help_text=gettext_lazy("Of a delivery: how many came. Of a count: how many can be sold, all together."),
        min_value=0,
        max_value=_MOST,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    occasion = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, variant: Variant, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.variant = variant

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("what") == RECEIVED and cleaned.get("pieces") == 0:
            self.add_error("pieces", _("A delivery has at least one piece."))
        return cleaned

    def save(self, *, actor: str, now: datetime) -> int:
        """Write the delivery or the count; how many can be sold now. The same form again changes nothing."""
        key, pieces = f"staff:{self.cleaned_data['occasion']}", self.cleaned_data["pieces"]
        if self.cleaned_data["what"] == RECEIVED:
            stock.receive(self.variant, quantity=pieces, key=key, now=now, actor=actor)
        else:
            stock.correct(self.variant, available=pieces, key=key, now=now, actor=actor)
        return Stock.objects.available([self.variant.pk])[self.variant.pk]
