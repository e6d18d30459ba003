"""What staff fill in: a parcel, and what is given back of an order."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
    UnfoldBooleanWidget,
)

from apps.core.money import Money
from apps.orders import naming, parts
from apps.orders.boxes import worth
from apps.orders.models import Order, OrderLine, OrderPiece


class ParcelForm(forms.Form):
    """One parcel of one order; without a carrier it stays where it is."""

    order = forms.IntegerField(widget=forms.HiddenInput)
    carrier = forms.CharField(label=_("Carrier"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget)
    tracking_number = forms.CharField(
        label=_("Tracking number"), max_length=80, required=False, widget=UnfoldAdminTextInputWidget
    )
    tracking_url = forms.URLField(
        label=_("Tracking address"),
        max_length=400,
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
    )

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if not facts.get("carrier") and (facts.get("tracking_number") or facts.get("tracking_url")):
            self.add_error("carrier", _("Who carries it?"))
        return facts


ParcelFormSet = forms.formset_factory(ParcelForm, extra=0)


class GiveBackForm(forms.Form):
    """How many of each line, or single pieces out of a bundle, whether shipping too, and whether the pieces can be sold
    again. The order comes with its lines and their pieces."""

    # Made new with each page: the form sent twice gives money back once.
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, order: Order, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        every = list(order.lines.all())
        self.lines = [line for line in every if line.left]
        self.single = [piece for line in every for piece in line.pieces.all() if piece.left]
        charged = parts.charged(order) if self.single and worth.invoice_of(order) is not None else {}
        for line in self.lines:
            hint = " ".join(filter(None, [_left(line), line.within]))
            self.fields[f"line-{line.pk}"] = _count(line.left, line.description, hint)
        for piece in self.single:
            label = naming.out_of(piece.left, piece.description, piece.line.description)
            field = _count(piece.left, label, _share(piece, charged.get(piece.line_id, {})))
            field.required = False
            self.fields[f"piece-{piece.pk}"] = field
        if order.refunded_shipping_minor < order.shipping_minor:
            self.fields["shipping"] = forms.BooleanField(
                label=_("Shipping too: %(amount)s") % {"amount": order.shipping},
                required=False,
                widget=UnfoldBooleanWidget,
            )
        self.fields["restock"] = forms.BooleanField(
            label=_("The pieces came back and can be sold again"), required=False, widget=UnfoldBooleanWidget
        )
        self.fields["reason"] = forms.CharField(
            label=_("Reason"),
            max_length=300,
            help_text=_("The customer reads it, and so does the credit note."),
            widget=UnfoldAdminTextInputWidget,
        )

    @property
    def pieces(self) -> dict[int, int]:
        """How many of each line."""
        return {line.pk: self.cleaned_data[f"line-{line.pk}"] for line in self.lines}

    @property
    def inside(self) -> dict[int, int]:
        """How many single pieces out of bundles."""
        return {piece.pk: self.cleaned_data[f"piece-{piece.pk}"] or 0 for piece in self.single}


def _count(most: int, label: str, hint: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=0, max_value=most, initial=0, help_text=hint, widget=UnfoldAdminIntegerFieldWidget
    )


def _left(line: OrderLine) -> str:
    facts = {"left": line.left, "quantity": line.quantity, "unit": line.unit}
    return _text("%(left)s of %(quantity)s at %(unit)s can be given back.") % facts


def _share(piece: OrderPiece, charged: Mapping[int, int]) -> str:
    one = sum(parts.of_piece(piece, charged, count=1).values())
    return _text("One is %(amount)s of the price of its bundle.") % {"amount": Money(one, piece.line.currency)}
