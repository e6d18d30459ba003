"""Forms of the back office's catalogue."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminImageFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from . import pictures, stock
from .models import ProductPicture, Stock, Variant

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


class PictureForm(forms.ModelForm):
    """A picture of a product; a new file is checked and drawn anew before it is kept."""

    class Meta:
        model = ProductPicture
        fields = ["file", "alt", "variant", "position"]

    # Django's own check reads no more than the name and the first bytes, and knows of types that we refuse.
    file = forms.FileField(label=gettext_lazy("File"), widget=UnfoldAdminImageFieldWidget)

    def clean_file(self):
        file = self.cleaned_data["file"]
        return pictures.prepare(file) if isinstance(file, UploadedFile) else file

    def clean_variant(self):
        variant = self.cleaned_data["variant"]
        if variant and variant.product_id != self.instance.product_id:
            raise forms.ValidationError(_("That is a variant of another product."))
        return variant
