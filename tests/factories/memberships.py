"""Plans and members for tests, made by the real services on a rehearsed gateway."""

from datetime import datetime
from itertools import count as numbers

from apps.accounts.models import User
from apps.billing import cards
from apps.billing.gateway.behaviours import Rule
from apps.billing.gateway.rehearsal import Rehearsal
from apps.memberships import demo, services, signup
from apps.memberships.models import Plan, Price, Signup, Subscription
from apps.promotions.models import Promotion

from . import accounts
from .snapshots import Snapshot

TERMS = {"terms_version": "2026-01", "terms_text": "I agree to be charged EUR 12 every month until I cancel."}
BOXES = "seasonal-box"
_numbers = numbers(1)
OPENED = datetime.fromisoformat("2025-01-01T00:00:00+00:00")
_demo = Snapshot(lambda: demo.build_plans(now=OPENED))


def plans(*, now: datetime = OPENED) -> dict[str, Plan]:
    """The plans of the demo shop by slug, made where they are not there yet."""
    there = _plans()
    if len(there) == len(demo.PLANS):
        return there
    if now != OPENED:
        return demo.build_plans(now=now)
    _demo.put()
    return _plans()


def _plans() -> dict[str, Plan]:
    return Plan.objects.in_bulk([facts["slug"] for facts in demo.PLANS], field_name="slug")


def price(slug: str, *, unit: str = "month", currency: str = "EUR") -> Price:
    """The first version of a plan's price."""
    plans()
    ordinary = Price.objects.renewing().select_related("plan").filter(interval_count=1, version=1)
    return ordinary.get(plan__slug=slug, interval_unit=unit, currency=currency)


def week_price(slug: str, *, amount_minor: int) -> Price:
    """A weekly price in euro, which the demo shop does not have."""
    return Price.objects.create(
        plan=plans()[slug],
        currency="EUR",
        amount_minor=amount_minor,
        interval_unit="week",
        available_from=OPENED,
    )


def net_price(slug: str = "grove", *, amount_minor: int = 1000, unit: str = "month", currency: str = "EUR") -> Price:
    """A price to which tax is added, in place of the plan's first one."""
    return services.new_price_version(
        price(slug, unit=unit, currency=currency), amount_minor=amount_minor, tax_included=False, now=OPENED
    )


def special_price(slug: str = "grove", *, version: int = 9, **terms) -> Price:
    """A price in euro with terms that the ordinary plans do not have: a trial, a term, another interval."""
    facts = {"currency": "EUR", "amount_minor": 1200, "interval_unit": "month", "available_from": OPENED}
    return Price.objects.create(plan=plans()[slug], version=version, **{**facts, **terms})


def box_price(slug: str = "small-box", *, rank: int = 1, amount_minor: int = 2900, **terms) -> Price:
    """A monthly price of a plan that sends a parcel each period; both are made where they are not there yet."""
    plan, _created = Plan.objects.get_or_create(
        slug=slug,
        defaults={"name": slug.replace("-", " ").capitalize(), "group": BOXES, "rank": rank, "sends_goods": True},
    )
    facts = {"currency": "EUR", "interval_unit": "month", "version": 1, **terms}
    price, _created = Price.objects.get_or_create(
        plan=plan, **facts, defaults={"amount_minor": amount_minor, "available_from": OPENED}
    )
    return price


def box_subscriber(gateway: Rehearsal, chosen: Price | None = None, *, now: datetime, **how) -> Subscription:
    """Somebody to whom a box is sent each month, paid for."""
    done = join(gateway, chosen or box_price(), now=now, **how)
    return Subscription.objects.current_of(done.customer, group=BOXES)


def several(slug: str, *, most: int) -> Plan:
    """The plan, of which one membership may hold so many."""
    plans()
    Plan.objects.filter(slug=slug).update(max_quantity=most)
    return Plan.objects.get(slug=slug)


def begin(
    gateway: Rehearsal,
    chosen: Price,
    *,
    now: datetime,
    user: User | None = None,
    script: tuple[Rule, ...] = (),
    promotion: Promotion | None = None,
    quantity: int = 1,
    fingerprint: str | None = None,
) -> tuple[Signup, str]:
    """A sign-up with a card typed in: everything but `signup.complete`. Returns it with the set-up's id."""
    user = user or accounts.customer()
    begun = signup.start(user, chosen.pk, now=now, promotion=promotion, quantity=quantity, **TERMS)
    started = cards.start_setup(user, purpose="signup", now=now)
    signup.attach_setup(begun.token, user=user, setup_id=started.id)
    gateway.save_card(started.id, script=script, fingerprint=fingerprint)
    return begun, started.id


def join(gateway: Rehearsal, chosen: Price, *, now: datetime, **how) -> Signup:
    """A sign-up carried through; see `begin`."""
    begun, setup_id = begin(gateway, chosen, now=now, **how)
    return signup.complete(begun.token, user=begun.customer, setup_id=setup_id, now=now)


def member(gateway: Rehearsal, slug: str = "grove", *, now: datetime, unit: str = "month", **how) -> Subscription:
    """A paying member."""
    done = join(gateway, price(slug, unit=unit), now=now, **how)
    return Subscription.objects.current_of(done.customer)


def members(gateway: Rehearsal, count: int, *, now: datetime, slug: str = "grove") -> list[Subscription]:
    """So many members who joined at `now`: the first one really, the others are its copies."""
    first = member(gateway, slug, now=now)
    return [first, *copies(first, count - 1)]


def copies(first: Subscription, count: int) -> list[Subscription]:
    """So many members like the first, without a card and without the cost of a sign-up each."""
    columns = {
        field.attname: getattr(first, field.attname)
        for field in Subscription._meta.concrete_fields
        if field.attname not in ("id", "customer_id")
    }
    people = User.objects.bulk_create(
        User(email=f"copy-{next(_numbers)}@example.com", joined_at=accounts.JOINED) for _each in range(count)
    )
    return Subscription.objects.bulk_create(Subscription(customer=person, **columns) for person in people)


def free_member(*, now: datetime, user: User | None = None) -> Subscription:
    """A member of the free plan."""
    return services.join_free(user or accounts.customer(), plans()["seedling"], now=now)


def promotion(*, now: datetime, **terms) -> Promotion:
    """A promotion; half off the first period unless told otherwise."""
    facts = {"name": "Welcome", "percent_basis_points": 5000, "duration": "once", "valid_from": now}
    if "amount_minor" in terms:
        del facts["percent_basis_points"]
    return Promotion.objects.create(**{**facts, **terms})
