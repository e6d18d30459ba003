"""What an order costs: goods, discount, shipping and the tax in them, for one customer and one country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.billing import tax
from apps.billing.drafts import LineDraft
from apps.billing.models import Supply
from apps.billing.taxation import Settlement, Taxation
from apps.core.money import Money
from apps.promotions import rules as discounts
from apps.promotions import services as promotions
from apps.promotions.models import Promotion

from . import rules
from .boxes import extras
from .contents import Contents
from .items import Item
from .models import ShippingRate


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One way to send the parcel, with its price for this basket: a rate of staff's, or the customer's next box."""

    rate: ShippingRate | None = None
    ride: extras.Ride | None = None
    amount: Money

    @property
    def pk(self) -> int:
        """The number by which a checkout chooses it."""
        return self.rate.pk if self.rate else extras.NEXT_BOX

    @property
    def name(self) -> str:
        return self.rate.name_i18n if self.rate else self.ride.name if self.ride else ""

    @property
    def detail(self) -> str:
        return self.rate.detail_i18n if self.rate else self.ride.detail if self.ride else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A basket reckoned for a customer and a country. `ways` are all ways to send it, `way` the chosen one; both are
    empty where nothing is sent, and `way` is None where no parcel goes to that country.

    `shares` are the discount of each item, in order. `refusal` says why a code in the basket takes nothing off.
    """

    contents: Contents
    country: str
    ways: list[Sending]
    way: Sending | None
    promotion: Promotion | None
    shares: list[int]
    refusal: str
    tax_basis_points: int
    taxation: Taxation
    settlement: Settlement

    @property
    def currency(self) -> str:
        return self.contents.currency

    @property
    def goods(self) -> Money:
        return self.contents.subtotal

    @property
    def discount(self) -> Money:
        return Money(sum(self.shares), self.currency)

    @property
    def shipping(self) -> Money:
        return self.way.amount if self.way else Money(0, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.settlement.total_minor, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.settlement.tax_minor, self.currency)

    @property
    def relieved(self) -> Money:
        """The tax in the prices that is not charged, because the customer accounts for it."""
        return self.goods - self.discount + self.shipping - self.total

    @property
    def can_be_sent(self) -> bool:
        return self.way is not None or not self.contents.is_shipped

    @property
    def digest(self) -> str:
        """The same for the same goods at the same amounts, and for nothing else."""
        facts = [
            self.currency,
            self.country,
            self.taxation.treatment,
            self.contents.price.pk if self.contents.price else None,
            self.promotion.pk if self.promotion else None,
            (self.way.pk, self.way.rate and self.way.rate.name) if self.way else None,
            *[(item.variant.pk, item.quantity, item.unit, sorted(item.pieces.items())) for item in self.contents.items],
            *self.shares,
            self.shipping,
            self.total,
            self.tax,
        ]
        return sha256("\n".join(map(str, facts)).encode()).hexdigest()


def of(contents: Contents, *, customer: User | None, country: str, rate_id: int | None, now: datetime) -> Quote:
    """Reckon a basket whose items can all be bought. `customer` is None for a guest who has not said who they are;
    `rate_id` is the way of sending that was chosen (NEXT_BOX for the customer's next box), the first where it is none
    of this country's. Raises billing's NoTaxRate."""
    basis_points = tax.rate_for(country, now.date()).basis_points
    promotion, refusal = _promotion(contents, customer=customer, now=now)
    shares = _shares(contents, promotion)
    worth = contents.subtotal - Money(sum(shares), contents.currency)
    ways = _ways(contents, customer=customer, country=country, worth=worth, now=now)
    way = next((way for way in ways if way.pk == rate_id), next(iter(ways), None))
    taxation = _taxation(customer, country=country, now=now)
    quote = Quote(
        contents=contents,
        country=country,
        ways=ways,
        way=way,
        promotion=promotion,
        shares=shares,
        refusal=refusal,
        tax_basis_points=basis_points,
        taxation=taxation,
        settlement=Settlement([], adds_tax=False),
    )
    return replace(quote, settlement=taxation.settle(lines(quote)))


def lines(quote: Quote) -> list[LineDraft]:
    """The lines of the invoice: each item, what the discount takes off it, and shipping. In the active language."""
    drafts = []
    for position, (item, share) in enumerate(zip(quote.contents.items, quote.shares, strict=True), start=1):
        about = {"variant": item.variant.pk, "position": position}
        drafts.append(_goods(item, quote.tax_basis_points, about=about))
        if share and quote.promotion is not None:
            drafts.append(_discount(item, share, quote.promotion, quote.tax_basis_points, about=about))
    if quote.way is not None:
        drafts.append(_shipping(quote.way, quote.tax_basis_points))
    return drafts


def _goods(item: Item, basis_points: int, *, about: Mapping[str, int]) -> LineDraft:
    """`about` is what leads from the line of the invoice to that of the order."""
    assert item.unit is not None, "it can be bought"
    amount = item.unit * item.quantity
    within = {"within": item.within} if item.within else {}
    return LineDraft(
        kind="goods",
        description=str(item.variant)[:300],
        quantity=item.quantity,
        unit_minor=item.unit.minor,
        amount_minor=amount.minor,
        tax_basis_points=basis_points,
        inputs={"unit_minor": item.unit.minor, "quantity": item.quantity, **about, **within},
        supply=_supply(item),
    )


def _discount(
    item: Item, share: int, promotion: Promotion, basis_points: int, *, about: Mapping[str, int]
) -> LineDraft:
    assert item.amount is not None, "it can be bought"
    inputs = {
        "base_minor": item.amount.minor,
        "off_minor": share,
        "name": promotion.name_i18n,
        "promotion": promotion.pk,
    }
    return LineDraft(
        kind="discount",
        description=_("%(promotion)s: %(what)s") % {"promotion": promotion.name_i18n, "what": item.variant},
        amount_minor=-share,
        tax_basis_points=basis_points,
        inputs={**inputs, **about},
        supply=_supply(item),
    )


def _supply(item: Item) -> Supply:
    return Supply.GOODS if item.is_shipped else Supply.SERVICE


def _shipping(way: Sending, basis_points: int) -> LineDraft:
    return LineDraft(
        kind="shipping",
        description=_("Shipping: %(name)s") % {"name": way.name},
        amount_minor=way.amount.minor,
        tax_basis_points=basis_points,
        inputs={"unit_minor": way.amount.minor, "quantity": 1, "rate": way.pk},
        supply=Supply.GOODS,
    )


def _promotion(contents: Contents, *, customer: User | None, now: datetime) -> tuple[Promotion | None, str]:
    """The promotion that is taken off the goods, or why the one in the basket is not."""
    promotion = contents.basket.promotion if contents.basket else None
    if promotion is None or not promotion.for_goods:
        return None, ""
    if not discounts.applies(promotion, contents.currency):
        return None, _("This code is not for prices in this currency.")
    try:
        promotions.check(promotion, customer=customer, now=now)
    except promotions.NotRedeemable as refusal:
        return None, str(refusal)
    return promotion, ""


def _shares(contents: Contents, promotion: Promotion | None) -> list[int]:
    amounts = [item.amount.minor if item.amount else 0 for item in contents.items]
    off = discounts.discount(sum(amounts), promotion) if promotion else 0
    return rules.discount_shares(off, amounts)


def _ways(contents: Contents, *, customer: User | None, country: str, worth: Money, now: datetime) -> list[Sending]:
    """The rates, then the customer's next box, which costs nothing more, for what goes by parcel."""
    if not contents.is_shipped:
        return []
    rates = list(ShippingRate.objects.all().to(country, currency=contents.currency, grams=contents.grams))
    ways = [Sending(rate=rate, amount=rate.price_for(worth)) for rate in rates]
    if customer is None or not _is_parcel(rates, country=country, currency=contents.currency):
        return ways
    ride = extras.ride(customer, country=country, now=now)
    return [*ways, Sending(ride=ride, amount=Money(0, contents.currency))] if ride else ways


def _is_parcel(rates: Sequence[ShippingRate], *, country: str, currency: str) -> bool:
    """Whether it is light enough for a parcel: for a rate with a limit, where any rate has one."""
    if any(rate.up_to_grams is not None for rate in rates):
        return True
    limited = ShippingRate.objects.filter(is_active=True, currency=currency, countries__contains=[country])
    return bool(rates) and not limited.filter(up_to_grams__isnull=False).exists()


def _taxation(customer: User | None, *, country: str, now: datetime) -> Taxation:
    """How the customer is taxed in that country: a company's number counts where it lives, and nowhere else."""
    somebody = customer or User(country=country)
    return tax.Assessor([somebody] if customer else [], now=now).taxation(somebody, country=country)
