"""Planned price changes for tests, made by the real services and the workers' own sweeps."""

from datetime import datetime, timedelta

from apps.core import sweeps
from apps.memberships import services
from apps.memberships.models import Price, PriceChange, PricePromise, Subscription
from apps.memberships.services import promises

from . import memberships as make

DAY = timedelta(days=1)
STAFF = "boss@example.com"
copies = make.copies
WORDS = {"text": "I agree that my membership costs more.", "version": "test-1", "source": "account"}


def new_version(old: Price, amount_minor: int, *, now: datetime) -> Price:
    """The next version of a price, on sale from `now`."""
    return services.new_price_version(old, amount_minor=amount_minor, now=now)


def draft(old: Price, new: Price, *, now: datetime, **terms) -> PriceChange:
    """A draft that takes effect 60 days from `now` unless told otherwise."""
    facts = {"effective_at": now + 60 * DAY, "explanation": "Soil and water cost more.", **terms}
    old.refresh_from_db()
    change = PriceChange(old_price=old, new_price=new, **facts)
    return promises.draft(change, actor=STAFF, now=now)


def planned(old: Price, amount_minor: int, *, now: datetime, **terms) -> PriceChange:
    """A change to a new version of `amount_minor`, planned, with its promises written."""
    change = draft(old, new_version(old, amount_minor, now=now), now=now, **terms)
    change = promises.plan(change.pk, actor=STAFF, now=now)
    promises.advance_due(now=now)
    change.refresh_from_db()
    return change


def of(member: Subscription) -> PricePromise:
    """The newest promise of a member, fresh from the database."""
    return PricePromise.objects.for_pages().filter(subscription=member).latest("pk")


def work(*, at: datetime) -> None:
    """What the workers do at one instant, mail included."""
    names = ["memberships.promises", "memberships.bill", "billing.collect", "memberships.end", "mail.deliver"]
    for name in names:
        sweeps.run(name, now=at)


def notify(member: Subscription) -> PricePromise:
    """Let the workers give and deliver every notice of the member's promise at its due instant."""
    for days in of(member).change.notice_days:
        work(at=of(member).applies_from - days * DAY)
    return of(member)


def grove(**how) -> Price:
    return make.price("grove", **how)
