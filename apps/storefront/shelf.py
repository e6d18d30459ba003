"""A shelf of goods as a visitor narrows and orders it: the form, what it finds, and the page of it that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from django import forms
from django.contrib.postgres.aggregates import ArrayAgg
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.catalog import bundles
from apps.catalog.models import Kind, Product, ProductQuerySet
from apps.core import translations
from apps.core.money import exponent
from apps.core.statements import Statement

from . import cards, currency, kept, kept_pages

PAGE_SIZE = 24
KEPT_SECONDS = 3600
_MOST = 1_000_000
SORTS = (
    ("", gettext_lazy("our order")),
    ("price", gettext_lazy("price, lowest first")),
    ("-price", gettext_lazy("price, highest first")),
    ("name", gettext_lazy("name")),
    ("newest", gettext_lazy("newest first")),
)


@dataclass(frozen=True, slots=True)
class Facets:
    """What there is to choose from in a room: how many of each kind, and who made them; and how much of it the
    visitor's choice leaves."""

    kinds: dict[str, int]
    partners: list[str]
    found: int


class ShelfForm(forms.Form):
    """What a visitor asks of a shelf. All of it may be missing; what makes no sense is named and left aside."""

    kind = forms.MultipleChoiceField(
        label=gettext_lazy("What"), choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    low = forms.DecimalField(
        label=gettext_lazy("Price from"), min_value=0, max_value=_MOST, decimal_places=2, required=False
    )
    high = forms.DecimalField(
        label=gettext_lazy("Price to"), min_value=0, max_value=_MOST, decimal_places=2, required=False
    )
    partner = forms.CharField(label=gettext_lazy("Made by"), max_length=120, required=False, widget=forms.Select)
    members = forms.BooleanField(label=gettext_lazy("With a members’ price"), required=False)
    stock = forms.BooleanField(label=gettext_lazy("In stock"), required=False)
    sort = forms.ChoiceField(label=gettext_lazy("Order by"), choices=SORTS, required=False)

    def __init__(self, data: QueryDict, *, currency: str) -> None:
        super().__init__(data)
        self.currency = currency
        for name in ("low", "high"):
            self.fields[name].widget.attrs.update(inputmode="decimal", min=0, step="any")
            self.fields[name].help_text = currency

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        low, high = cleaned.get("low"), cleaned.get("high")
        if low is not None and high is not None and low > high:
            self.add_error("high", _("The highest price is below the lowest one."))
        return cleaned

    def offer(self, facets: Facets) -> None:
        """Show the choices that the room has."""
        self.fields["kind"].widget.choices = [
            (kind, f"{Kind(kind).label} ({number})") for kind, number in facets.kinds.items()
        ]
        self.fields["partner"].widget.choices = [("", _("everybody")), *((name, name) for name in facets.partners)]

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the order was asked for."""
        return any(self.cleaned_data.get(name) for name in self.fields if name != "sort")

    def narrow(self, goods: ProductQuerySet) -> ProductQuerySet:
        """The goods that were asked for. What made no sense is left aside."""
        asked = self.cleaned_data
        if asked.get("kind"):
            goods = goods.filter(kind__in=asked["kind"])
        if asked.get("low") is not None or asked.get("high") is not None:
            goods = goods.priced(self.currency, low=self._minor("low"), high=self._minor("high"))
        if asked.get("partner"):
            goods = goods.filter(partner_name=asked["partner"])
        if asked.get("members"):
            goods = goods.with_member_price(self.currency)
        return bundles.in_stock(goods) if asked.get("stock") else goods

    @property
    def order(self) -> str:
        """The order that was asked for, of SORTS."""
        return self.cleaned_data.get("sort", "")

    def _minor(self, name: str) -> int | None:
        amount = self.cleaned_data.get(name)
        return None if amount is None else int(amount * 10 ** exponent(self.currency))


class Shelf:
    """Goods as a visitor asks for them: those of a room, by its number, or all.

    Nothing is read until `form`, `page` or `cards` are asked for: two queries then, or three.
    """

    def __init__(self, request: HttpRequest, *, room: int | None = None) -> None:
        self._request = request
        self._room = room
        self._asked = request.GET
        self._currency = currency.of(request)

    @property
    def seconds(self) -> int:
        """How long it may be kept. Addresses with anything else in them could be invented without end."""
        return KEPT_SECONDS if set(self._asked) <= {*ShelfForm.base_fields, "page"} else 0

    @property
    def asked(self) -> str:
        """What the form is filled with: the same for all pages of what it finds."""
        return urlencode(sorted((name, values) for name, values in self._asked.lists() if name != "page"), doseq=True)

    @cached_property
    def form(self) -> ShelfForm:
        """The form as the visitor filled it in, with the choices that there are."""
        return self._found[0]

    @cached_property
    def page(self) -> Page:
        """Which page of the goods that the form finds is shown, by their places among them; `cards` are on it."""
        return self._found[1]

    @cached_property
    def cards(self) -> list[str]:
        """The cards of the goods of the page."""
        return self._found[2]

    @cached_property
    def _found(self) -> tuple[ShelfForm, Page, list[str]]:
        form = ShelfForm(self._asked, currency=self._currency)
        form.is_valid()
        if form.is_narrowed:
            narrowed = form.narrow(_goods(self._room))
            facets, is_kept = _facets(_goods(self._room), narrowed), False
        else:
            narrowed = _goods(self._room)
            facets, is_kept = self._facets_of_all()
        form.offer(facets)
        page = Paginator(range(facets.found), PAGE_SIZE).get_page(self._asked.get("page"))
        first = (page.number - 1) * PAGE_SIZE
        if is_kept:
            which = _which(self._room, form.order, self._currency, translations.active())
            shown, numbers = cards.some(self._request, which.all(first=first))
        else:
            shown, numbers = cards.all_of(self._request, _page(narrowed, form.order, self._currency, first=first))
        # What a sale leaves decides here what is found, and not only what is told of it.
        kept_pages.tells(self._request, None if form.cleaned_data.get("stock") else numbers)
        return form, page, shown

    def _facets_of_all(self) -> tuple[Facets, bool]:
        """What there is to choose from on all pages of a room, in every order, and whether it was kept: then cards are
        too, and it pays to ask first which are needed."""
        made: list[Facets] = []

        def make() -> Facets:
            made.append(_facets(_goods(self._room)))
            return made[0]

        return kept.read(self._request, f"facets:{self._room}", make), not made


def _goods(room: int | None) -> ProductQuerySet:
    goods = Product.objects.published().goods()
    return goods if room is None else goods.within(room)


def _ordered(goods: ProductQuerySet, order: str, currency: str) -> ProductQuerySet:
    """In an order of SORTS, the same for all who ask the same."""
    match order:
        case "price":
            return goods.by_price(currency)
        case "-price":
            return goods.by_price(currency).reverse()
        case "name":
            return goods.order_by("name_i18n", "pk")
        case "newest":
            return goods.order_by("-pk")
    return goods.order_by("position", "name_i18n", "pk")


def _page(goods: ProductQuerySet, order: str, currency: str, *, first: int) -> ProductQuerySet:
    """A page of goods in an order. What is shown with each is read for these alone, and not for all before them."""
    these = _ordered(goods, order, currency).values("pk")[first : first + PAGE_SIZE]
    return _ordered(Product.objects.filter(pk__in=these), order, currency)


@lru_cache(maxsize=500)
def _which(room: int | None, order: str, currency: str, language: str) -> Statement:
    """Which goods are on the page that begins at `first`, as `cards.some` takes them. The language is the active one:
    names are sorted in it."""
    return Statement(lambda first: cards.which(_page(_goods(room), order, currency, first=first), currency), first=int)


def _facets(goods: ProductQuerySet, narrowed: ProductQuerySet | None = None) -> Facets:
    """One query for all that the form offers and counts."""
    counts = {f"of_{kind}": Count("pk", filter=Q(kind=kind)) for kind in Kind.values}
    of_these = None if narrowed is None else Q(pk__in=narrowed.order_by().values("pk"))
    found = goods.order_by().aggregate(
        found=Count("pk", filter=of_these),
        partners=ArrayAgg("partner_name", filter=~Q(partner_name=""), distinct=True, default=[]),
        **counts,
    )
    kinds = {kind: number for kind in Kind.values if (number := found[f"of_{kind}"])}
    return Facets(kinds, found["partners"], found["found"])
