"""The database refuses a price that rises in silence, whoever asks."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.memberships.models import PriceChange, PriceChangeEntry, PricePromise, PromiseNotice, Subscription
from apps.memberships.services import promises
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, WORDS

pytestmark = pytest.mark.django_db


def refused(act) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        act()


@pytest.mark.parametrize("column", ["price", "pending_price"])
def test_no_price_rises_without_consent(member, change, now, column):
    rows = Subscription.objects.filter(pk=member.pk)
    refused(lambda: rows.update(**{column: change.new_price}))
    promise = promised.of(member)
    promises.refuse(promise.pk, now=now + DAY, **WORDS)
    refused(lambda: rows.update(**{column: change.new_price}))
    promises.agree(promise.pk, now=now + 2 * DAY, **WORDS)
    with transaction.atomic():
        assert rows.update(**{column: change.new_price}) == 1
        transaction.set_rollback(True)
    promises.withdraw(change.pk, reason="No", actor="boss@example.com", now=now + 3 * DAY)
    refused(lambda: rows.update(**{column: change.new_price}))


def test_another_members_consent_is_not_ones_own(gateway, member, change, now):
    promises.agree(promised.of(member).pk, now=now + DAY, **WORDS)
    [other] = promised.copies(member, 1)
    refused(lambda: Subscription.objects.filter(pk=other.pk).update(price=change.new_price))


def test_a_lower_version_and_another_plan_are_not_a_rise(member, now):
    lower = promised.new_version(promised.grove(), 900, now=now)
    rows = Subscription.objects.filter(pk=member.pk)
    assert rows.update(pending_price=lower) == 1
    assert rows.update(pending_price=make.price("estate")) == 1
    assert rows.update(pending_price=make.price("grove", unit="year")) == 1


def test_a_promise_does_not_say_moved_without_consent(member, change, now):
    row = PricePromise.objects.filter(subscription=member)
    refused(lambda: row.update(outcome="moved", settled_at=now))
    refused(lambda: row.update(answer="agreed", answered_at=now, answered_in="account"))
    refused(lambda: row.update(rise_minor=0))
    refused(lambda: row.update(outcome="kept"))
    row.update(outcome="kept", settled_at=now)
    refused(lambda: row.update(outcome="moved"))


def test_terms_are_fixed_once_planned(member, change, now):
    row = PriceChange.objects.filter(pk=change.pk)
    for terms in ({"effective_at": now}, {"without_consent": "end"}, {"notice_days": [5]}, {"explanation": "!"}):
        refused(lambda terms=terms: row.update(**terms))


def test_a_price_changes_to_a_version_of_itself(change, now):
    facts = {"effective_at": now, "explanation": "Because.", "created_at": now, "old_price": change.old_price}
    for new in (make.price("estate"), promised.grove(unit="year"), change.old_price):
        refused(lambda new=new: PriceChange.objects.create(new_price=new, **facts))
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceChange.objects.create(new_price=change.new_price, notice_days=[], **facts)


def test_a_second_promise_of_one_member(member, change, now):
    promise = promised.of(member)
    promise.pk = None
    refused(lambda: promise.save(force_insert=True))


def test_notices_and_history_only_grow(member, change):
    promise = promised.of(member)
    promised.work(at=promise.applies_from - 35 * DAY)
    for model in (PromiseNotice, PriceChangeEntry):
        assert model.objects.exists()
        refused(lambda model=model: model.objects.update(id=0))
        refused(lambda model=model: model.objects.all().delete())
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute("TRUNCATE memberships_promisenotice"))
