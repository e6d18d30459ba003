"""Customers of the running shop.

They come in through the real services and the sandbox's own API instead of clicking through the checkout each time;
what they do then, they do in the browser.
"""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from itertools import count
from urllib.parse import urlsplit

import stripe
from playwright.sync_api import FrameLocator, Page, expect

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.billing import cards
from apps.billing.models import Card, Invoice, Profile
from apps.mail.models import Message
from apps.memberships import signup
from apps.memberships.models import Plan, Price, Subscription
from tests.factories.accounts import PASSWORD
from tests.factories.memberships import TERMS
from tests.stack import SECRET_KEY, Stack, wait_for

from .visits import AT_HOME, Visit

GOOD_CARD = "4242424242424242"
_numbers = count(1)


def api(shop: Stack) -> stripe.StripeClient:
    """The gateway as the merchant's own terminal would see it."""
    return stripe.StripeClient(SECRET_KEY, base_addresses={"api": shop.sandbox})


def customer(shop: Stack, *, name: str = "Nora Verdi", marketing: bool = False, **changes) -> User:
    """Somebody with an account, a verified address and the password PASSWORD."""
    now = shop.now()
    facts = {"email": f"nora{next(_numbers)}@example.com", "name": name, "password": PASSWORD, "now": now}
    user = accounts.enrol(**{**facts, **changes})
    if marketing:
        accounts.set_marketing(user, granted=True, source="signup", now=now)
    return user


def member(
    shop: Stack, slug: str = "grove", *, unit: str = "month", user: User | None = None, method: str = "pm_card_visa"
) -> Subscription:
    """A member who has just paid for the first period with a test card of the sandbox."""
    user = user or customer(shop)
    plan = Plan.objects.get(slug=slug)
    price = Price.objects.offered(plan, currency=user.currency, unit=unit, now=shop.now())
    begun = signup.start(user, price.pk, now=shop.now(), **TERMS)
    setup = cards.start_setup(user, purpose="membership", now=shop.now())
    signup.attach_setup(begun.token, user=user, setup_id=setup.id)
    api(shop).v1.setup_intents.confirm(setup.id, {"payment_method": method})
    done = signup.complete(begun.token, user=user, setup_id=setup.id, now=shop.now())
    assert done.status == "completed", done.message
    return Subscription.objects.select_related("customer", "plan", "price").get(pk=done.subscription_id)


def card_of(user: User) -> Card:
    """The card that is charged."""
    return Profile.objects.select_related("default_card").get(user=user).default_card


def bank_says(shop: Stack, card: Card, outcome: str | None) -> None:
    """From now on the bank answers charges of this card so: a decline code, "ok", or None for the card's own way."""
    shop.control("cards", json.dumps({"card": card.gateway_id, "outcome": outcome}).encode())


def charges(shop: Stack, user: User) -> list[tuple[str, int]]:
    """What the gateway holds of a customer's charges, the oldest first: (status, minor units)."""
    profile = Profile.objects.get(user=user)
    found = api(shop).v1.charges.list({"customer": profile.gateway_customer_id, "limit": 100})
    return [(charge.status, charge.amount) for charge in reversed(found.data)]


def renewal_due(shop: Stack, subscription: Subscription) -> Invoice:
    """Move to the end of the paid period and let the workers bill and try to collect it; the invoice of the renewal."""
    subscription.refresh_from_db()
    before = set(Invoice.objects.of(subscription.customer).values_list("pk", flat=True))
    travel(shop, subscription.next_bill_at)
    shop.ring("memberships.bill")
    renewals = Invoice.objects.of(subscription.customer).exclude(pk__in=before)
    invoice = wait_for(renewals.first)
    shop.ring("billing.collect")
    wait_for(lambda: not invoice.payments.filter(status__in=["pending", "processing"]).exists())
    invoice.refresh_from_db()
    return invoice


def travel(shop: Stack, moment: datetime) -> None:
    """Move the clock to `moment`, unless other customers' stories have moved it further already."""
    if moment > shop.now():
        shop.travel(moment)


def mail(shop: Stack, user: User, kind: str) -> Message:
    """The one delivered mail of its kind to this customer."""
    found = Message.objects.of_user(user.pk).filter(kind=kind)
    wait_for(found.exists)
    shop.ring("mail.deliver")
    wait_for(lambda: found.filter(status="sent").exists())
    return found.get()


def mail_by_key(shop: Stack, key: str) -> Message:
    """The mail of this occasion, delivered."""
    found = Message.objects.filter(key=key)
    wait_for(found.exists)
    shop.ring("mail.deliver")
    wait_for(lambda: found.filter(status="sent").exists())
    return found.get()


def mails(user: User, *, since: datetime | None = None) -> list[str]:
    """The kinds of all mails put for a customer, in order."""
    rows = Message.objects.of_user(user.pk).order_by("created_at", "pk")
    return list((rows.filter(created_at__gte=since) if since else rows).values_list("kind", flat=True))


def link_in(message: Message, start: str) -> str:
    """The address in the letter whose path begins with `start`, in the letter's language."""
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', message.html)]
    prefix = "" if message.locale == "en" else f"/{message.locale}"
    [found] = {link for link in links if urlsplit(link).path.startswith(prefix + start)}
    return found


def sign_in(page: Page, user: User, *, then: str = "/account/", visit: Visit = AT_HOME) -> None:
    """Through the login form, as people do. `then` is the address without the language."""
    page.goto(f"{visit.path('/accounts/login/')}?next={visit.path(then)}")
    page.locator("input[name=login]").fill(user.email)
    page.locator("input[name=password]").fill(PASSWORD)
    with page.expect_navigation(url=re.compile(re.escape(visit.path(then)))):
        page.get_by_role("button", name=visit.says("Sign In")).click()


def type_card(page: Page, number: str = GOOD_CARD) -> None:
    """Fill in the gateway's card fields."""
    frame = page.frame_locator('iframe[title="Secure payment input frame"]')
    for name, typed in (("number", number), ("expiry", "1235"), ("cvc", "123")):
        frame.locator(f'input[name="{name}"]').press_sequentially(typed)


def bank(page: Page) -> FrameLocator:
    """The bank's own window over the page."""
    return page.frame_locator('iframe[title="3D Secure authentication"]')


def clicker(page: Page) -> tuple[Callable, list[str]]:
    """A function that clicks a link or a button by its name, and the list of the clicks so far."""
    clicks: list[str] = []

    def click(role: str, name: str) -> None:
        found = page.get_by_role(role, name=name)
        expect(found).to_have_count(1)
        clicks.append(name)
        found.click()
        page.wait_for_load_state()

    return click, clicks


def days(amount: float) -> timedelta:
    return timedelta(days=amount)
