"""What a buyer fills in to review a product."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.catalog.models import Review

_STARS = [
    (5, _("5 stars: I would buy it again")),
    (4, _("4 stars: good")),
    (3, _("3 stars: it does")),
    (2, _("2 stars: not what I hoped for")),
    (1, _("1 star: no good")),
]


class ReviewForm(forms.ModelForm):
    """Stars, a title and a text. Stars are never chosen for the customer."""

    rating = forms.TypedChoiceField(label=_("Your stars"), choices=_STARS, coerce=int, widget=forms.RadioSelect)

    class Meta:
        model = Review
        fields = ["rating", "title", "text"]
        labels = {"title": _("In a few words"), "text": _("What should others know?")}
