"""What the demo's customers do, through the services that the pages call."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.utils import translation

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.billing import billing_details, cards, collection
from apps.billing.gateway.behaviours import Rule, decline
from apps.billing.models import Invoice
from apps.catalog import services as catalog
from apps.catalog.models import Product
from apps.loyalty.models import PointsAccount
from apps.memberships import quotes, services, signup
from apps.memberships.errors import Refused
from apps.memberships.models import Plan, Price, Status, Subscription
from apps.memberships.models.intervals import rhythm_of
from apps.offers import services as offers
from apps.offers.errors import OfferRefused
from apps.offers.models import Kind, Offer

from .. import terms
from .people import CUSTOMER, PASSWORD, Person

if TYPE_CHECKING:
    from apps.promotions.models import Promotion

    from .history import History

WORTH_REDEEMING = 300
GOOD_CARD = "4242424242424242"


def join(person: Person, history: History) -> None:
    """Open an account and join a plan."""
    user = accounts.enrol(
        email=person.email,
        name=person.name,
        now=history.moment,
        password=PASSWORD if person.email == CUSTOMER else None,
        country=person.country,
        time_zone=person.zone,
        currency=person.currency,
    )
    if person.wants_mail:
        accounts.set_marketing(user, granted=True, source="signup", now=history.moment)
    if person.company is not None:
        details = billing_details.save(user, now=history.moment, **asdict(person.company))
        billing_details.check_if_needed(details, now=history.moment)
    plan = Plan.objects.get(slug=person.plan)
    interval = rhythm_of(person.interval).interval
    price = Price.objects.offered(
        plan, currency=person.currency, unit=interval.unit, count=interval.count, now=history.moment
    )
    if price is None or price.is_free:
        services.join_free(user, plan, now=history.moment)
    else:
        _subscribe(user, price, history, script=_script(person))


def climb(person: Person, history: History) -> None:
    """Move to the next plan up at the same interval."""
    current = _current(person)
    if current is None:
        return
    price = (
        Price.objects.on_sale(history.moment)
        .filter(plan__rank__gt=current.plan.rank, currency=current.price.currency)
        .of_rhythm(current.price.rhythm)
        .filter(plan__group=current.plan_group)
        .order_by("plan__rank", "-version")
        .first()
    )
    if price is None:
        return
    try:
        if current.price.is_free:
            _subscribe(current.customer, price, history, script=_script(person))
        else:
            services.change_plan(current.pk, price.pk, customer=current.customer, now=history.moment)
    except Refused:
        return


def leave(person: Person, history: History) -> None:
    """Cancel, for the person's own reason."""
    current = _current(person)
    if current is not None:
        services.request_cancel(current.pk, customer=current.customer, reason=person.reason, now=history.moment)


def change_mind(person: Person, history: History) -> None:
    """Undo the cancellation, if there still is one."""
    current = _current(person)
    if current is None or current.ends_at is None:
        return
    try:
        services.undo_cancel(current.pk, customer=current.customer, now=history.moment)
    except Refused:
        return


def look_in(person: Person, history: History) -> None:
    """Visit the shop: read guides, use points, mend a card, answer an offer."""
    user = User.objects.get(email=person.email)
    current = Subscription.objects.current_of(user)
    if person.curious:
        _read_guides(user, current, history)
    if current is not None and current.status == Status.PAST_DUE:
        _mend_card(user, history)
    if current is not None and history.dice.random() < 0.5:
        _redeem(user, current, history)
    _answer_offers(user, history)


def look_up(person: Person, history: History) -> None:
    """Open the guides that the next plan up would unlock."""
    current = _current(person)
    if current is None:
        return
    for guide in Product.objects.filter(kind="guide", member_min_rank=current.plan.rank + 1):
        catalog.record_view(guide, customer=current.customer, locked=True, now=history.moment)


def _subscribe(
    user: User, price: Price, history: History, *, script: tuple[Rule, ...], promotion: Promotion | None = None
) -> None:
    now = history.moment
    with translation.override(user.locale):
        charge = quotes.first_charge(price, customer=user, promotion=promotion, now=now)
        term = terms.subscription(charge, zone=user.time_zone)
        begun = signup.start(
            user, price.pk, terms_version=term.version, terms_text=term.text, promotion=promotion, now=now
        )
        setup = cards.start_setup(user, purpose="membership", now=now)
        signup.attach_setup(begun.token, user=user, setup_id=setup.id)
        # All test cards of one number are one card; everybody here has their own.
        history.rehearsal.save_card(setup.id, number=GOOD_CARD, script=script, fingerprint=f"demo{user.pk}")
        signup.complete(begun.token, user=user, setup_id=setup.id, now=now)


def _script(person: Person) -> tuple[Rule, ...]:
    """How the person's card answers the shop over the months."""
    match person.card:
        case "declines_once":
            return (decline("insufficient_funds", first=2, times=1),)
        case "runs_dry":
            return (decline("insufficient_funds", first=3),)
        case "lost":
            return (decline("lost_card", hard=True, first=2),)
    return ()


def _read_guides(user: User, current: Subscription | None, history: History) -> None:
    rank = current.plan.rank if current else 0
    guides = list(Product.objects.filter(kind="guide").order_by("pk"))
    for guide in history.dice.sample(guides, k=min(3, len(guides))):
        locked = (guide.member_min_rank or 0) > rank
        catalog.record_view(guide, customer=user, locked=locked, now=history.moment)


def _mend_card(user: User, history: History) -> None:
    """Enter a good card for an invoice that could not be charged; half of the people bother."""
    invoice = Invoice.objects.of(user).filter(status=Invoice.Status.OPEN, recovery__status="open").first()
    if invoice is None or history.dice.random() < 0.5:
        return
    setup = cards.start_setup(user, purpose="invoice", now=history.moment)
    history.rehearsal.save_card(setup.id, number=GOOD_CARD, script=(), fingerprint=f"demo{user.pk}")
    card = cards.complete_setup(user, setup.id, now=history.moment)
    collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=True, now=history.moment)


def _redeem(user: User, current: Subscription, history: History) -> None:
    balance = PointsAccount.objects.balance_of(user)
    if balance < WORTH_REDEEMING or user.email == CUSTOMER:
        return
    services.redeem_points(
        user,
        points=balance // 2,
        key=f"demo:{user.pk}:{history.moment:%Y%m%d}",
        currency=current.price.currency,
        now=history.moment,
    )


def _answer_offers(user: User, history: History) -> None:
    """Now and then somebody takes an offer, more often somebody says no. The demo's customer leaves hers for you."""
    if user.email == CUSTOMER:
        return
    luck = history.dice.random()
    if not Offer.objects.shown().open_at(history.moment).filter(customer=user).exists():
        return
    upgrade = Offer.objects.for_customer(user, Kind.UPGRADE, history.moment)
    winback = Offer.objects.for_customer(user, Kind.WINBACK, history.moment)
    try:
        if winback is not None and luck < 0.5:
            offers.open_link(winback.token, customer=user, now=history.moment)
            _subscribe(user, winback.price, history, script=(), promotion=winback.promotion)
        elif upgrade is not None and luck < 0.08 and not upgrade.needs_signup:
            offers.accept(upgrade.token, customer=user, now=history.moment)
        elif upgrade is not None and luck > 0.75:
            offers.decline(upgrade.token, customer=user, now=history.moment)
    except (OfferRefused, Refused):
        return


def _current(person: Person) -> Subscription | None:
    return Subscription.objects.current_of(User.objects.get(email=person.email))
