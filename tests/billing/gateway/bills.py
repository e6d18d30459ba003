"""A customer with a card at the gateway and an invoice to pay."""

from datetime import datetime
from uuid import uuid4

from apps.accounts.models import User
from apps.billing import cards, gateway, invoices
from apps.billing.models import Payment
from tests.factories import accounts

from .worlds import GOOD, StripeWorld


def cardholder(world: StripeWorld, *, now: datetime, number: str = GOOD) -> User:
    """A customer who saved this card."""
    user = accounts.customer()
    with gateway.using(world.gateway):
        started = cards.start_setup(user, purpose="card", now=now)
        world.type_card(started, number)
        cards.complete_setup(user, started.id, now=now)
    return user


def bill(user: User, *, now: datetime, minor: int = 1200) -> Payment:
    """The pending payment of a new invoice."""
    line = invoices.LineDraft(kind="plan", description="Grove", amount_minor=minor, tax_basis_points=2200)
    draft = invoices.Draft(customer=user, key=f"test:{uuid4()}", currency="EUR", reason="renewal", lines=[line])
    return invoices.issue([draft], now=now)[0].payments.get()
