"""Signing up with a card that was saved before."""

import pytest

from apps.billing.gateway.behaviours import decline
from apps.billing.models import Card, Invoice, Payment, Profile
from apps.memberships import errors, signup
from apps.memberships.models import SignupStatus, Status, Subscription
from tests.factories import accounts, billing
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db


def start(user, *, now):
    return signup.start(user, make.price("grove").pk, now=now, **make.TERMS)


def test_it_is_charged_and_stays_the_default(gateway, now):
    user = billing.payer(gateway, now=now)
    old = Card.objects.get()
    billing.add_card(gateway, user, now=now)
    begun = start(user, now=now)
    for _time in range(2):
        done = signup.complete_with_card(begun.token, user=user, card_id=old.pk, now=now)

    assert done.status == SignupStatus.COMPLETED
    assert done.setup_id is None
    assert Payment.objects.get().card == old
    assert Profile.objects.get().default_card == old
    assert Subscription.objects.get().status == Status.ACTIVE


def test_a_declined_one_leaves_nothing_owed(gateway, now):
    user = billing.payer(gateway, now=now, script=(decline(),))
    begun = start(user, now=now)
    done = signup.complete_with_card(begun.token, user=user, card_id=Card.objects.get().pk, now=now)
    assert done.status == SignupStatus.FAILED
    assert Invoice.objects.get().status == Invoice.Status.VOID


def test_refusals_change_nothing(gateway, now):
    user = billing.payer(gateway, now=now)
    default = billing.add_card(gateway, user, now=now)
    other = Card.objects.exclude(pk=default.pk).get()
    begun = start(user, now=now)
    billing.payer(gateway, now=now)
    foreign = Card.objects.exclude(profile__user=user).get()
    with pytest.raises(Card.DoesNotExist):
        signup.complete_with_card(begun.token, user=user, card_id=foreign.pk, now=now)
    with pytest.raises(errors.NotOpen):
        signup.complete_with_card(begun.token, user=accounts.customer(), card_id=default.pk, now=now)
    assert not Subscription.objects.exists()

    make.join(gateway, make.price("grove"), now=now, user=user)
    charged = Profile.objects.get(user=user).default_card
    with pytest.raises(errors.AlreadySubscribed):
        signup.complete_with_card(begun.token, user=user, card_id=other.pk, now=now)
    assert Profile.objects.get(user=user).default_card == charged
    assert Subscription.objects.count() == 1
