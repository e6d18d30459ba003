"""Every component in every state, for those who build pages: staff only."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from apps.catalog.models import Product
from apps.core import clock
from apps.core.money import Money

from .. import boxes, currency, plans, visitor

COLOURS = [
    ("paper", "surface", "tint", "tint-strong", "ink", "ink-soft", "line", "line-strong"),
    ("glass", "glass-deep", "on-glass", "on-glass-soft", "glass-line"),
    ("orange", "orange-deep", "on-orange", "orange-text", "orange-tint"),
    ("lemon", "lemon-tint", "on-lemon-tint", "leaf", "leaf-tint", "danger", "danger-tint", "focus"),
]
SIZES = ("3xl", "2xl", "xl", "l", "m", "s", "xs")
SPACES = ("s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8")
BUTTONS = ("", "secondary", "leaf", "danger", "quiet")
TONES = ("info", "success", "warning", "error")
BADGES = ("", "good", "warn", "bad", "fruit", "member")
ICONS = (
    "search", "user", "menu", "check", "close", "dash", "lock", "leaf", "fruit", "calendar", "card", "receipt",
    "box", "gift", "book", "mail", "shield", "exit", "arrow", "info", "warning", "points", "clock", "pause", "up",
)  # fmt: skip
_SHOWN = 3


class SampleForm(forms.Form):
    """One field of each sort."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("As it is written on the parcel."))
    email = forms.EmailField(label=_("E-mail"))
    country = forms.ChoiceField(label=_("Country"), choices=[("IT", "Italia"), ("FR", "France"), ("RO", "România")])
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=99)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}), required=False)
    message = forms.CharField(label=_("Message"), widget=forms.Textarea, required=False)
    rhythm = forms.ChoiceField(
        label=_("Rhythm"), choices=[("month", _("Monthly")), ("year", _("Yearly"))], widget=forms.RadioSelect
    )
    agreed = forms.BooleanField(label=_("I have read the terms."))


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """404 for all but staff: it is no secret, but nothing for customers either."""
    if not request.user.is_staff:
        raise Http404
    now = clock.now()
    shown = currency.of(request)
    standing = visitor.standing(request.user, now=now)
    products = Product.objects.published().for_cards(shown)
    guides = products.guides()[:_SHOWN]
    context = {
        "colours": COLOURS,
        "sizes": SIZES,
        "spaces": SPACES,
        "buttons": BUTTONS,
        "tones": TONES,
        "badges": BADGES,
        "icons": ICONS,
        "empty_form": SampleForm(prefix="empty", initial={"quantity": 1, "rhythm": "month"}),
        "wrong_form": SampleForm({"wrong-email": "anna", "wrong-quantity": "120"}, prefix="wrong"),
        "amount": Money(129_00, shown),
        "plan_cards": plans.cards(plans.book(currency=shown, now=now), interval="month", standing=standing),
        "boxes": boxes.on_sale(currency=shown, now=now)[:_SHOWN],
        "products": products.goods()[:_SHOWN],
        "guides": [(guide, number == 0) for number, guide in enumerate(guides)],
        "page": Paginator(range(90), 24).get_page(2),
        "trail": [{"label": _("Shop"), "href": "#components"}, {"label": _("Components")}],
        "toggle": [
            {"label": _("Monthly"), "href": "#components", "current": True},
            {"label": _("Yearly"), "href": "#components", "note": _("save up to %(percent)s%%") % {"percent": 17}},
        ],
        "step_names": [_("Plan"), _("Terms"), _("Card"), _("Done")],
        "stocks": [{"left": 40}, {"left": 3, "is_scarce": True}, {"left": 0, "is_sold_out": True}],
        "facts": [(_("Height"), "60 cm"), (_("Pot"), "24 cm")],
    }
    return render(request, "storefront/design/design.html", context)
