"""All that the checkout page shows: the quote for where it goes, today's charge, the next one, and the form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict

from apps.accounts.models import Address, User
from apps.billing import credit
from apps.billing.models import Card, TaxRate
from apps.core.money import Money
from apps.memberships import quotes as plan_quotes
from apps.memberships.quotes import FirstCharge
from apps.orders import quotes
from apps.orders.contents import Contents
from apps.orders.models import ShippingRate

from . import basket_session, terms
from .agreed import Agreed, percent
from .checkout_form import CheckoutForm
from .forms import number
from .payable import Payable


class CheckoutPage:
    """One look at the checkout. Raises billing's NoTaxRate for a country that the shop cannot sell to."""

    def __init__(self, request: HttpRequest, contents: Contents, *, now: datetime, fresh: bool = False) -> None:
        self.request, self.contents, self.now = request, contents, now
        self.customer: User | None = basket_session.customer_of(request)
        self.typed: QueryDict | None = request.POST if request.method == "POST" else None
        self.countries = self._countries()
        self.addresses = list(Address.objects.of(self.customer)) if self.customer else []
        self.known = self._known_address()
        self.quote = quotes.of(
            contents,
            customer=self.customer,
            country=self._country(),
            rate_id=number(said) if (said := self._said("rate")) else None,
            now=now,
        )
        self.needs_account = contents.price is not None and self.customer is None
        self.plan = self._plan()
        self._reckon()
        self.form = self._form(fresh=fresh)

    def afresh(self) -> CheckoutPage:
        """The same page with what was typed, as if it had not been sent: to be looked over again."""
        return CheckoutPage(self.request, self.contents, now=self.now, fresh=True)

    def context(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "quote": self.quote,
            "lines": list(zip(self.contents.items, self.quote.shares, strict=True)),
            "goods": self.goods,
            "plan": self.agreed,
            "price": self.contents.price,
            "due": self.due,
            "rate": percent(self.quote.tax_basis_points),
            "needs_account": self.needs_account,
            "addresses": self.addresses,
            "customer": self.customer,
        }

    def _plan(self) -> FirstCharge | None:
        """The membership in the basket, for somebody who is known."""
        price, basket = self.contents.price, self.contents.basket
        if price is None or basket is None or self.customer is None:
            return None
        code = basket.promotion
        promotion = code if code is not None and not code.for_goods else None
        return plan_quotes.first_charge(price, customer=self.customer, promotion=promotion, now=self.now)

    def _reckon(self) -> None:
        """Credit pays the membership first, as it is charged first, then the goods."""
        currency = self.quote.currency
        balance = credit.balance(self.customer, currency) if self.customer else Money(0, currency)
        self.agreed = Agreed.read(self.plan.as_json(), balance=balance) if self.plan else None
        left = balance - self.agreed.first.credit if self.agreed else balance
        self.goods = Payable.after_credit(self.quote.total, balance=left)
        self.due = self.goods.due + self.agreed.first.due if self.agreed else self.goods.due
        self.term = terms.order(self.goods.due)
        zone = self.customer.time_zone if self.customer else "UTC"
        self.plan_term = (
            terms.subscription(self.plan, zone=zone, due=self.agreed.first.due) if self.plan and self.agreed else None
        )

    def _form(self, *, fresh: bool) -> CheckoutForm:
        is_sent = self.typed is not None and "update" not in self.typed and not fresh
        typed = self.typed.dict() if self.typed is not None else {}
        for box in ("agree", "agree_plan"):
            typed.pop(box, None)
        kept = typed | ({"once": typed["once"]} if typed.get("once") else {})
        return CheckoutForm(
            self.typed if is_sent else None,
            quote=self.quote,
            countries=self.countries,
            text=self.term.text,
            facts=[self.goods.due, self.due],
            plan_text=self.plan_term.text if self.plan_term else "",
            guest=self.customer is None,
            cards=self._cards(),
            initial=self.known | kept,
        )

    def _countries(self) -> list[str]:
        """Where the shop can sell to, and where parcels go if there is one."""
        taxed = TaxRate.objects.all().countries(self.now.date())
        if not self.contents.is_shipped:
            return list(taxed)
        sent = ShippingRate.objects.all().countries(self.contents.currency)
        return [country for country in taxed if country in sent]

    def _country(self) -> str:
        """The one that was chosen, that of the address, or where the customer lives; one that is sold to."""
        own = self.customer.country if self.customer else "IT"
        wanted = [self._said("country"), self.known.get("country", ""), own]
        return next((country for country in wanted if country in self.countries), next(iter(self.countries), own))

    def _known_address(self) -> dict[str, str]:
        """The saved address that was asked for, or the one used first; a name where there is none."""
        asked = number(self.request.GET.get("address", ""))
        chosen = next((address for address in self.addresses if address.pk == asked), None)
        first = chosen or next(iter(self.addresses), None)
        if first is not None:
            return first.as_json()
        return {"name": self.customer.name} if self.customer else {}

    def _cards(self) -> list[Card]:
        """The customer's cards that have not expired, the one they use first."""
        if self.customer is None:
            return []
        usable = Card.objects.of(self.customer).select_related("profile")
        cards = [card for card in usable if (card.exp_year, card.exp_month) >= (self.now.year, self.now.month)]
        return sorted(cards, key=lambda card: card.pk != card.profile.default_card_id)

    def _said(self, name: str) -> str:
        return self.typed.get(name, "") if self.typed is not None else ""
