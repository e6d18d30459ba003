"""Saving, replacing and forgetting a card, with both adapters behind it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connections, transaction

from apps.accounts.models import User
from apps.billing import cards, gateway
from apps.billing.models import Card, Profile

from .worlds import FAILS_LATER, GOOD


@pytest.fixture
def in_force(world):
    with gateway.using(world.gateway):
        yield world


def a_user() -> User:
    return User.objects.create_user(f"{uuid4().hex}@example.com", name="Ada")


def saved(world, user: User, *, now: datetime, number: str = GOOD) -> Card:
    started = cards.start_setup(user, purpose="card", now=now)
    world.type_card(started, number)
    return cards.complete_setup(user, started.id, now=now)


@contextmanager
def refused(code: str):
    """Expect a refusal with this code that writes nothing."""
    before = list(Card.objects.values()), list(Profile.objects.values())
    with pytest.raises(cards.SetupRefused) as refusal:
        yield
    assert refusal.value.code == code
    assert str(refusal.value)
    assert (list(Card.objects.values()), list(Profile.objects.values())) == before


@pytest.mark.django_db
def test_a_card_is_saved_and_becomes_the_default(in_force, now):
    user = a_user()
    card = saved(in_force, user, now=now)
    assert (card.brand, card.last4, card.exp_month, card.exp_year, card.created_at) == ("visa", "4242", 11, 2034, now)
    profile = Profile.objects.of(user)
    assert (profile.default_card, card.profile) == (card, profile)
    assert in_force.gateway.read_card(card.gateway_id).customer_id == profile.gateway_customer_id


@pytest.mark.django_db
def test_a_second_card_takes_over_and_an_old_page_cannot_undo_it(in_force, now):
    user = a_user()
    started = cards.start_setup(user, purpose="card", now=now)
    in_force.type_card(started)
    first = cards.complete_setup(user, started.id, now=now)
    second = saved(in_force, user, now=now, number=FAILS_LATER)
    assert cards.complete_setup(user, started.id, now=now) == first
    assert Profile.objects.of(user).default_card == second
    assert Card.objects.count() == 2
    cards.make_default(user, first.pk)
    assert Profile.objects.of(user).default_card == first


@pytest.mark.django_db
def test_a_setup_of_somebody_else_is_refused(in_force, now):
    owner, thief = a_user(), a_user()
    started = cards.start_setup(owner, purpose="card", now=now)
    in_force.type_card(started)
    with refused("foreign"):
        cards.complete_setup(thief, started.id, now=now)
    cards.ensure_profile(thief, now=now)
    with refused("foreign"):
        cards.complete_setup(thief, started.id, now=now)


@pytest.mark.django_db
def test_an_unknown_setup_is_refused(in_force, now):
    user = a_user()
    cards.ensure_profile(user, now=now)
    with refused("unknown"):
        cards.complete_setup(user, "seti_nowhere", now=now)


@pytest.mark.django_db
def test_an_unfinished_setup_is_refused(in_force, now):
    user = a_user()
    started = cards.start_setup(user, purpose="card", now=now)
    with refused("unfinished"):
        cards.complete_setup(user, started.id, now=now)
    in_force.type_card(started, "4000000000000002")
    with refused("unfinished"):
        cards.complete_setup(user, started.id, now=now)


@pytest.mark.django_db
def test_an_old_setup_is_refused_by_real_time_whatever_the_shops_clock_says(in_force, now):
    user = a_user()
    started = cards.start_setup(user, purpose="card", now=now)
    in_force.type_card(started)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=1), tick=True), refused("stale"):
        cards.complete_setup(user, started.id, now=now)
    card = cards.complete_setup(user, started.id, now=now + timedelta(days=400))
    assert card.created_at == now + timedelta(days=400)


@pytest.mark.django_db
def test_a_removed_card_is_not_the_default_and_its_setup_is_used_up(in_force, now):
    user = a_user()
    other = saved(in_force, user, now=now, number=FAILS_LATER)
    started = cards.start_setup(user, purpose="card", now=now)
    in_force.type_card(started)
    card = cards.complete_setup(user, started.id, now=now)

    gone = cards.detach(user, card.pk, now=now)

    assert gone.detached_at == now
    assert in_force.gateway.read_card(card.gateway_id) is None
    assert Profile.objects.of(user).default_card is None
    assert list(Card.objects.of(user)) == [other]
    with refused("used"):
        cards.complete_setup(user, started.id, now=now)
    with pytest.raises(Card.DoesNotExist):
        cards.detach(user, card.pk, now=now)
    with pytest.raises(Card.DoesNotExist):
        cards.make_default(user, card.pk)


@pytest.mark.django_db
def test_nobody_touches_the_card_of_another(in_force, now):
    card = saved(in_force, a_user(), now=now)
    stranger = a_user()
    with pytest.raises(Card.DoesNotExist):
        cards.detach(stranger, card.pk, now=now)
    with pytest.raises(Card.DoesNotExist):
        cards.make_default(stranger, card.pk)
    assert in_force.gateway.read_card(card.gateway_id) is not None
    card.refresh_from_db()
    assert card.detached_at is None


@pytest.mark.django_db
def test_refreshing_tells_that_a_card_is_gone(in_force, now):
    user = a_user()
    card = saved(in_force, user, now=now)
    assert cards.refresh(card.gateway_id, now=now) == card
    in_force.gateway.detach_card(card.gateway_id)
    assert cards.refresh(card.gateway_id, now=now).detached_at == now
    assert Profile.objects.of(user).default_card is None
    assert cards.refresh("pm_of_nobody", now=now) is None


@pytest.mark.django_db
def test_refreshing_takes_over_a_new_expiry_date(stripe_world, now):
    with gateway.using(stripe_world.gateway):
        card = saved(stripe_world, a_user(), now=now)
        stripe_world.gateway._api.payment_methods.update(card.gateway_id, {"card": {"exp_month": 3, "exp_year": 2041}})
        fresh = cards.refresh(card.gateway_id, now=now)
    assert (fresh.exp_month, fresh.exp_year, fresh.last4) == (3, 2041, "4242")


@pytest.mark.django_db
def test_a_profile_survives_a_gateway_that_was_away(sandbox, stripe_world, now):
    user = a_user()
    with gateway.using(stripe_world.gateway):
        sandbox.fault("drop_before", path_prefix="/v1/customers", count=None)
        with pytest.raises(gateway.GatewayUnavailable):
            cards.ensure_profile(user, now=now)
        assert Profile.objects.of(user).gateway_customer_id is None
        sandbox.clear()
        assert cards.ensure_profile(user, now=now).gateway_customer_id.startswith("cus_")


def test_a_doubled_call_opens_one_customer(own_database, stripe_world, sandbox, now):
    user = a_user()
    sandbox.fault("slow", path_prefix="/v1/customers", seconds=0.1, count=None)

    def ensure(_number: int) -> str:
        try:
            with gateway.using(stripe_world.gateway):
                return cards.ensure_profile(user, now=now).gateway_customer_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        customers = set(pool.map(ensure, range(2)))
    assert len(customers) == 1
    assert Profile.objects.get().gateway_customer_id in customers
    made = stripe_world.gateway._api.customers.list({"email": user.email}).data
    assert {customer.id for customer in made} == customers


def test_the_gateway_is_never_called_inside_a_transaction(own_database, stripe_world, now):
    user = a_user()
    with gateway.using(stripe_world.gateway), transaction.atomic(), pytest.raises(RuntimeError):
        cards.ensure_profile(user, now=now)
    assert Profile.objects.count() == 0
