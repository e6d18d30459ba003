"""Leaving a contract that sends goods: fourteen days from the first parcel, and the money when the goods are back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import refunds
from apps.billing.models import CreditNote, Refund
from apps.core.money import Money
from apps.loyalty.models import PointsAccount
from apps.mail.models import Message
from apps.memberships import errors, services, withdrawal_rules
from apps.memberships.declarations import PATIENCE, handle_due, handling, undoing
from apps.memberships.models import Doubt, Handling, History, Status, Subscription
from apps.memberships.services import withdrawing
from apps.memberships.signals import goods_asked_for
from tests.factories import memberships as make
from tests.memberships.declarations.saying import say

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TENTH = JOINED + 10 * DAY
NOTHING = Money(0, "EUR")


@pytest.fixture
def member(gateway) -> Subscription:
    return make.box_subscriber(gateway, now=JOINED)


@contextmanager
def goods_out(answer: bool) -> Iterator[list[int]]:
    """Somebody knows where the goods are; the subscriptions that were asked about."""
    asked: list[int] = []

    def reply(*, subscription_id: int, **kwargs) -> bool:
        asked.append(subscription_id)
        return answer

    goods_asked_for.connect(reply)
    try:
        yield asked
    finally:
        goods_asked_for.disconnect(reply)


def withdraw(member: Subscription, *, now: datetime = TENTH, **how):
    return withdrawing.withdraw(member.pk, customer=member.customer, declared_at=now, now=now, **how)


def test_the_days_begin_when_the_first_parcel_has_arrived(member, gateway):
    # 1 April plus fourteen days to arrive plus fourteen days is the 29th, a Wednesday, to its end in Rome.
    assert withdrawal_rules.until(member) == datetime(2026, 4, 29, 22, 0, tzinfo=UTC)
    assert withdrawal_rules.until(make.member(gateway, now=JOINED)) == datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
    with pytest.raises(errors.TooLateToWithdraw):
        withdraw(member, now=datetime(2026, 4, 29, 22, 0, tzinfo=UTC))
    assert withdraw(member, now=datetime(2026, 4, 29, 21, 59, tzinfo=UTC)).to_card == Money(2900, "EUR")


def test_ending_now_and_giving_the_money_back_later(gateway):
    member = make.member(gateway, now=JOINED)
    box = make.box_subscriber(gateway, now=JOINED, user=member.customer)
    before = PointsAccount.objects.balance_of(member.customer)
    assert withdraw(box, refund=False).total == NOTHING
    box.refresh_from_db()
    assert (box.status, box.end_reason, box.ended_at) == (Status.ENDED, "withdrawn", TENTH)
    assert not CreditNote.objects.exists()
    assert PointsAccount.objects.balance_of(member.customer) == before

    later = TENTH + 9 * DAY
    back = withdrawing.give_back(box.pk, actor="staff@example.com", now=later)
    assert (back.to_card, back.to_credit) == (Money(2900, "EUR"), NOTHING)
    assert refunds.carry_out_due(now=later) == 1
    assert Refund.objects.get().status == "succeeded"
    assert PointsAccount.objects.balance_of(member.customer) == 75
    assert withdrawing.give_back(box.pk, actor="staff@example.com", now=later).total == NOTHING
    assert CreditNote.objects.count() == 1
    rows = History.objects.filter(subscription=box, kind="withdraw").order_by("pk").values_list("new", "actor")
    assert list(rows)[:2] == [("€0.00", member.customer.email), ("€29.00", "staff@example.com")]


def test_only_what_was_withdrawn_from_is_given_back(member):
    with pytest.raises(errors.NotOpen):
        withdrawing.give_back(member.pk, actor="staff@example.com", now=TENTH)
    assert not CreditNote.objects.exists()


def test_who_knows_where_the_goods_are(member, gateway):
    assert withdrawing.goods_are_out(member)
    with goods_out(False) as asked:
        assert not withdrawing.goods_are_out(member)
        with goods_out(True):
            assert withdrawing.goods_are_out(member)
        assert not withdrawing.goods_are_out(make.member(gateway, now=JOINED))
    assert asked == [member.pk, member.pk]


def test_declared_with_a_parcel_out_it_ends_and_staff_refund_when_it_is_back(member):
    declared = say("withdraw", member.customer.email, now=TENTH)
    with goods_out(True):
        handle_due(now=TENTH)
        declared.refresh_from_db()
        assert (declared.status, declared.subscription) == ("waiting", member)
        handle_due(now=TENTH + PATIENCE)
    member.refresh_from_db()
    declared.refresh_from_db()
    assert (member.status, member.end_reason) == (Status.ENDED, "withdrawn")
    assert (declared.status, declared.doubt, declared.to_card_minor) == ("person", Doubt.PARCEL, None)
    assert not CreditNote.objects.exists()
    letter = Message.objects.get(kind="withdrawal-parcel")
    assert "please send it back within 14 days" in letter.text
    assert not Message.objects.filter(kind="withdrawal-done").exists()
    # What has ended cannot be undone any more.
    with pytest.raises(errors.NothingToChange):
        undoing.undo(declared.secret, now=TENTH + 2 * DAY)

    settled = handling.carry_out(declared.pk, actor="staff@example.com", now=TENTH + 9 * DAY)
    assert (settled.status, settled.to_card_minor, settled.settled_by) == ("done", 2900, "staff@example.com")
    assert CreditNote.objects.get().total_minor == 2900
    assert "€29.00 goes back to the card" in Message.objects.get(kind="withdrawal-done").text
    with pytest.raises(errors.Refused):
        handling.carry_out(declared.pk, actor="staff@example.com", now=TENTH + 9 * DAY)
    assert CreditNote.objects.count() == 1


def test_declared_before_anything_was_sent_all_goes_back_at_once(member):
    declared = say("withdraw", member.customer.email, now=JOINED + DAY)
    with goods_out(False):
        handle_due(now=JOINED + DAY)
        handle_due(now=JOINED + DAY + PATIENCE)
    declared.refresh_from_db()
    assert (declared.status, declared.to_card_minor) == ("done", 2900)


def test_declared_in_the_account(member):
    declared = say("withdraw", member.customer.email, now=TENTH)
    done = handling.withdraw_at_once(declared.declaration, member, now=TENTH)
    assert (done.status, done.doubt) == ("person", Doubt.PARCEL)
    again = handling.withdraw_at_once(declared.declaration, member, now=TENTH)
    assert (again.status, again.doubt) == ("person", Doubt.PARCEL)
    assert Message.objects.filter(kind="withdrawal-parcel").count() == 1


@pytest.mark.parametrize(
    ("contract", "meant"),
    [
        ("Small box", "box"),
        ("my small BOX please", "box"),
        ("the seasonal box", "box"),
        ("Grove", "membership"),
        ("membership", "membership"),
        ("Groves", None),
        ("Grove and the Small box", None),
        ("", None),
    ],
)
def test_of_two_contracts_the_words_say_which(gateway, contract, meant):
    member = make.member(gateway, now=JOINED)
    box = make.box_subscriber(gateway, now=JOINED, user=member.customer)
    declared = say("cancel", member.customer.email, contract=contract, now=TENTH)
    handle_due(now=TENTH)
    declared.refresh_from_db()
    cancelled = {row.pk for row in Subscription.objects.all() if row.is_cancelling}
    assert cancelled == {"box": {box.pk}, "membership": {member.pk}, None: set()}[meant]
    assert (declared.status, declared.doubt) == (("done", "") if meant else ("person", Doubt.SEVERAL))


def test_the_number_of_the_contract_or_of_an_invoice_says_which_too(gateway):
    member = make.member(gateway, now=JOINED)
    box = make.box_subscriber(gateway, now=JOINED, user=member.customer)
    number = box.periods.get().invoice.number
    for contract in (f"contract {box.pk}", f"invoice {number}, Grove"):
        say("cancel", member.customer.email, contract=contract, now=TENTH)
        handle_due(now=TENTH)
        box.refresh_from_db()
        member.refresh_from_db()
        assert (box.is_cancelling, member.is_cancelling) == (True, False)
        services.undo_cancel(box.pk, customer=member.customer, now=TENTH)
    assert set(Handling.objects.values_list("status", flat=True)) == {"done"}
