"""Customers with cards, and invoices, for tests; made by the real services on a rehearsed gateway."""

from datetime import datetime, timedelta
from itertools import count

from apps.accounts.models import User
from apps.billing import billing_details, invoices
from apps.billing.drafts import Draft, LineDraft
from apps.billing.gateway.behaviours import Rule
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import BillingDetails, Card, Invoice, Payment, Profile, Seller

from . import accounts

_numbers = count(1)


def payer(gateway: Rehearsal, *, script: tuple[Rule, ...] = (), now: datetime, **changes) -> User:
    """A customer with a default card that behaves by `script`."""
    user = accounts.customer(**changes)
    customer_id = gateway.create_customer(key=f"user:{user.pk}", email=user.email, name=user.name)
    Profile.objects.create(user=user, gateway_customer_id=customer_id, created_at=now)
    add_card(gateway, user, script=script, now=now)
    return user


def add_card(gateway: Rehearsal, user: User, *, script: tuple[Rule, ...] = (), now: datetime) -> Card:
    """One more card of the customer, which becomes the default."""
    profile = Profile.objects.get(user=user)
    details = gateway.add_card(profile.gateway_customer_id, script=script)
    card = Card.objects.create(
        profile=profile,
        gateway_id=details.method_id,
        brand=details.brand,
        last4=details.last4,
        exp_month=details.exp_month,
        exp_year=details.exp_year,
        fingerprint=details.fingerprint,
        created_at=now,
    )
    profile.default_card = card
    profile.save(update_fields=["default_card"])
    return card


def company(user: User, *, now: datetime, tax_number: str = "DE136695976", **changes) -> BillingDetails:
    """Billing details of a company, its number asked about if that matters."""
    facts = {"company": "Zitrus GmbH", "line1": "Hafenstr. 1", "postcode": "20359", "city": "Hamburg"}
    details = billing_details.save(user, now=now, tax_number=tax_number, **{**facts, **changes})
    billing_details.check_if_needed(details, now=now)
    details.refresh_from_db()
    return details


def round_tax_by(rounding: str) -> None:
    """The seller rounds tax by "line" or by "document"."""
    Seller.objects.update(tax_rounding=rounding)


def plan_line(amount_minor: int = 2900, *, start: datetime, tax_basis_points: int = 2200, **changes) -> LineDraft:
    """A month of a plan."""
    facts = {
        "kind": "plan",
        "description": "Grove membership",
        "amount_minor": amount_minor,
        "tax_basis_points": tax_basis_points,
        "period_start": start,
        "period_end": start + timedelta(days=31),
        "inputs": {"unit_minor": amount_minor, "quantity": 1, "plan": "grove"},
    }
    return LineDraft(**{**facts, **changes})


def draft(customer: User, *, now: datetime, **changes) -> Draft:
    """A renewal of one month of a plan."""
    facts = {
        "customer": customer,
        "key": f"test:{next(_numbers)}",
        "currency": "EUR",
        "reason": "renewal",
        "lines": [plan_line(start=now)],
    }
    return Draft(**{**facts, **changes})


def invoice(customer: User, *, now: datetime, **changes) -> Invoice:
    """An issued renewal."""
    return invoices.issue([draft(customer, now=now, **changes)], now=now)[0]


def payment_of(an_invoice: Invoice) -> Payment:
    """The newest payment of an invoice."""
    return an_invoice.payments.order_by("-attempt")[0]
