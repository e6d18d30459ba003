"""The letters of a membership in every language of the shop."""

from datetime import timedelta

import pytest
from django.conf import settings

from apps.billing.models import Invoice
from apps.mail.models import Message
from apps.memberships import clearing, renewals, services
from apps.memberships.models import Subscription
from tests.factories import accounts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

KINDS = {
    "membership-confirmation",
    "plan-changed",
    "cancellation-receipt",
    "cancellation-undone",
    "membership-ended",
    "points-redeemed",
}


@pytest.mark.parametrize("locale", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("terms", [{"trial_days": 5}, {"trial_days": 5, "term_periods": 3}])
def test_every_letter_of_a_trial(gateway, now, locale, terms):
    user = accounts.customer(locale=locale)
    make.several("estate", most=4)
    make.join(gateway, make.special_price("estate", **terms), now=now, user=user, quantity=2)
    trial = Subscription.objects.get()
    services.change_plan(trial.pk, trial.price_id, customer=user, quantity=1, now=now)
    services.request_cancel(trial.pk, customer=user, now=now)
    services.undo_cancel(trial.pk, customer=user, now=now)
    renewals.bill_due(now=trial.next_bill_at)
    for period_end in (1, 2):
        Subscription.objects.update(status="active")
        renewals.bill_due(now=Subscription.objects.get().next_bill_at)
        assert Invoice.objects.count() == 1 + period_end
    clearing.end_due(now=trial.current_end + timedelta(days=400))

    letters = {letter.kind: letter for letter in Message.objects.filter(user_id=user.pk)}
    expected = {
        "trial-ending",
        "membership-confirmation",
        "plan-changed",
        "cancellation-receipt",
        "cancellation-undone",
    }
    assert expected <= set(letters)
    assert ("membership-ended" in letters) == ("term_periods" in terms)
    for kind in expected:
        for leftover in ("{{", "{%", "None", "()"):
            assert leftover not in letters[kind].text + letters[kind].subject, kind


@pytest.mark.parametrize("locale", [code for code, _name in settings.LANGUAGES])
def test_every_letter_of_a_life(gateway, now, locale):
    user = accounts.customer(locale=locale)
    member = make.member(gateway, now=now, user=user)
    services.change_plan(member.pk, make.price("estate").pk, customer=user, now=now + timedelta(days=1))
    services.change_plan(member.pk, make.price("grove").pk, customer=user, now=now + timedelta(days=2))
    services.redeem_points(user, points=10, key="1", now=now)
    services.request_cancel(member.pk, customer=user, now=now + timedelta(days=3))
    services.undo_cancel(member.pk, customer=user, now=now + timedelta(days=4))
    services.request_cancel(member.pk, customer=user, now=now + timedelta(days=5))
    clearing.end_due(now=member.current_end)

    letters = Message.objects.filter(user_id=user.pk, kind__in=KINDS)
    assert set(letters.values_list("kind", flat=True)) == KINDS
    assert letters.count() == 8
    for letter in letters:
        assert letter.locale == locale
        assert letter.stream == "service"
        assert user.short_name in letter.text
        assert user.short_name in letter.html
        for leftover in ("{{", "{%", "None", "()"):
            assert leftover not in letter.text + letter.subject
