"""What staff fill in: a parcel, and what is given back of an order."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.orders.models import Order, OrderLine


class ParcelForm(forms.Form):
    """One parcel of one order; without a carrier it stays where it is."""

    order = forms.IntegerField(widget=forms.HiddenInput)
    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False)
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=80, required=False)
    tracking_url = forms.URLField(label=_("Tracking address"), max_length=400, required=False, assume_scheme="https")

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if not facts.get("carrier") and (facts.get("tracking_number") or facts.get("tracking_url")):
            self.add_error("carrier", _("Who carries it?"))
        return facts


ParcelFormSet = forms.formset_factory(ParcelForm, extra=0)


def _left(line: OrderLine) -> str:
    facts = {"left": line.left, "quantity": line.quantity, "unit": line.unit}
    return _text("%(left)s of %(quantity)s at %(unit)s can be given back.") % facts


class GiveBackForm(forms.Form):
    """How many of each line, whether shipping too, and whether the pieces can be sold again."""

    # Made new with each page: the form sent twice gives money back once.
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, order: Order, lines: Iterable[OrderLine], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if line.left]
        for line in self.lines:
            self.fields[f"line-{line.pk}"] = forms.IntegerField(
                label=line.description,
                min_value=0,
                max_value=line.left,
                initial=0,
                help_text=" ".join(filter(None, [_left(line), line.within])),
            )
        if order.refunded_shipping_minor < order.shipping_minor:
            self.fields["shipping"] = forms.BooleanField(
                label=_("Shipping too: %(amount)s") % {"amount": order.shipping}, required=False
            )
        self.fields["restock"] = forms.BooleanField(
            label=_("The pieces came back and can be sold again"), required=False
        )
        self.fields["reason"] = forms.CharField(
            label=_("Reason"), max_length=300, help_text=_("The customer reads it, and so does the credit note.")
        )

    @property
    def pieces(self) -> dict[int, int]:
        """How many of each line."""
        return {line.pk: self.cleaned_data[f"line-{line.pk}"] for line in self.lines}
