"""Erasing a person reaches the gateway: no card, no name and no address stay there, and until that is so it is not
done."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from apps.accounts import erasing
from apps.accounts.models import Erasure, User
from apps.billing import cards, gateway
from apps.billing.models import Card, Profile
from apps.insights import queues
from apps.mail import delivery

from .test_stripe import stripe_gateway
from .worlds import GOOD

LATER = timedelta(hours=2)


def with_card(world, *, now) -> User:
    """Somebody who asked to be erased, and confirmed it."""
    user = User.objects.create_user(f"{uuid4().hex}@example.com", name="Ada")
    with gateway.using(world.gateway):
        started = cards.start_setup(user, purpose="card", now=now)
        world.type_card(started, GOOD)
        cards.complete_setup(user, started.id, now=now)
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    delivery.deliver_due(now=now)
    return user


def carry_out(adapter, *, now) -> int:
    with gateway.using(adapter):
        return erasing.carry_out_due(now=now)


@pytest.mark.django_db
def test_nothing_names_them_at_the_gateway(world, now):
    user = with_card(world, now=now)
    customer = Profile.objects.get(user=user).gateway_customer_id
    card = Card.objects.get(profile__user=user)
    assert world.knows(customer) == (user.email, "Ada")
    assert carry_out(world.gateway, now=now + LATER) == 1
    assert world.knows(customer) == ("", "")
    assert world.gateway.read_card(card.gateway_id) is None
    assert carry_out(world.gateway, now=now + LATER) == 0


@pytest.mark.django_db
def test_it_is_not_done_before_the_gateway_has_forgotten(stripe_world, unused_tcp_port, now):
    user = with_card(stripe_world, now=now)
    away = stripe_gateway(api_base=f"http://127.0.0.1:{unused_tcp_port}", timeout=2)
    # The cards went before the network did.
    with gateway.using(stripe_world.gateway):
        cards.detach(user, Card.objects.get(profile__user=user).pk, now=now)
    customer = Profile.objects.get(user=user).gateway_customer_id
    assert carry_out(away, now=now + LATER) == 0
    user.refresh_from_db()
    assert (user.name, user.is_active, Erasure.objects.get(user=user).done_at) == ("Ada", True, None)
    assert erasing.next_due(now=now + LATER) <= now + LATER
    assert [row.user for row in Erasure.objects.stuck()] == [user]
    [line] = queues.get("erasures").show(list(queues.get("erasures").rows()))
    assert (line.reason.split(":")[0], line.customer) == ("GatewayUnavailable", user)
    assert carry_out(stripe_world.gateway, now=now + 2 * LATER) == 1
    user.refresh_from_db()
    assert (user.name, stripe_world.knows(customer)) == ("", ("", ""))
    done = Erasure.objects.get(user=user)
    assert (done.done_at, done.stuck_for, Erasure.objects.stuck().count()) == (now + 2 * LATER, "", 0)


@pytest.mark.django_db
def test_a_worker_that_is_stopped_half_way_begins_again(world, now, monkeypatch):
    user = with_card(world, now=now)
    customer = Profile.objects.get(user=user).gateway_customer_id
    forget = type(world.gateway).forget_customer

    def and_stop(self, customer_id: str) -> None:
        forget(self, customer_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(world.gateway), "forget_customer", and_stop)
        with pytest.raises(KeyboardInterrupt):
            carry_out(world.gateway, now=now + LATER)
    assert Erasure.objects.get(user=user).done_at is None
    assert carry_out(world.gateway, now=now + LATER) == 1
    assert world.knows(customer) == ("", "")


@pytest.mark.django_db
def test_who_never_came_near_a_card_is_unknown_there(world, now):
    user = User.objects.create_user("eve@example.com", name="Eve")
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    delivery.deliver_due(now=now)
    assert carry_out(world.gateway, now=now + LATER) == 1


def test_the_gateway_is_asked_outside_of_a_transaction(own_database, world, now, monkeypatch):
    with_card(world, now=now)
    forget, inside = type(world.gateway).forget_customer, []

    def look(self, customer_id: str) -> None:
        inside.append(connection.in_atomic_block)
        forget(self, customer_id)

    monkeypatch.setattr(type(world.gateway), "forget_customer", look)
    assert carry_out(world.gateway, now=now + LATER) == 1
    assert inside == [False]
