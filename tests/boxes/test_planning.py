"""Until the cut-off the next box can be changed, skipped, moved or ordered at once; from then on nothing can."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.catalog.bundles import InvalidChoice
from apps.core import sweeps
from apps.core.money import Money
from apps.memberships.errors import CannotPause, NothingToChange, NotOpen
from apps.memberships.gifts import redeeming
from apps.memberships.models import Pause, Period
from apps.orders.boxes import joining, planning
from apps.orders.errors import BoxChanged, CutOffPassed, NotForSale, NotSentThere
from apps.orders.models import BoxDelivery, BoxRecipient, Order
from tests.factories import accounts, boxes, catalog, gifts, memberships

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 8, 30, tzinfo=UTC)
CLOSES = APRIL - 2 * DAY
LATE = CLOSES + DAY
NEW_HOME = {**boxes.WHERE, "line1": "Via Milano 2"}


@pytest.fixture
def made(db):
    return boxes.box()


@pytest.fixture
def subscription(gateway, made, now):
    """A subscriber whose first box is made; the next is charged on 10 April and closes on the 8th."""
    subscription = boxes.subscriber(gateway, made, now=now)
    sweeps.run("orders.boxes", now=now)
    return subscription


def plan(subscription, *, now):
    return planning.upcoming(boxes.of(subscription.customer), now=now)


def test_what_comes_when_and_for_how_much(subscription, made, now):
    shown = plan(subscription, now=now)
    assert (shown.charge_at, shown.sends_at, shown.closes_at, shown.is_open) == (APRIL, APRIL, CLOSES, True)
    assert [(c.slot, c.variant, c.pieces, c.is_there) for c in shown.contents] == [
        (made.fruit, made.lemons, 1, True),
        (made.jars, made.jam, 2, True),
    ]
    assert (shown.total, shown.quantity) == (Money(2900, "EUR"), 1)
    assert (bool(shown.can_change), bool(shown.can_skip), bool(shown.can_order_now)) == (True, True, True)
    assert (shown.can_move.earliest, shown.can_move.latest) == (date(2026, 4, 11), date(2026, 7, 11))
    assert (bool(shown.can_unskip), shown.is_put_off, shown.held, shown.extras) == (False, False, [], [])


def test_a_sold_out_choice_is_shown_as_what_will_be_sent(subscription, made, now):
    catalog.shelves.correct(made.lemons, available=0, key="count", now=now)
    fruit, _jars = plan(subscription, now=now).contents
    assert (fruit.variant, fruit.instead_of, fruit.is_there) == (made.oranges, made.lemons.pk, True)
    catalog.shelves.correct(made.oranges, available=0, key="count", now=now)
    fruit, _jars = plan(subscription, now=now).contents
    assert (fruit.variant, fruit.instead_of, fruit.is_there) == (made.lemons, None, False)


def test_each_refusal_after_the_cut_off_says_why_and_changes_nothing(subscription, made, now):
    shown = plan(subscription, now=CLOSES)
    why = "Your next box could be changed until 8 April 2026, 10:30. It is being made ready now."
    refusals = [shown.can_change, shown.can_skip, shown.can_move, shown.can_order_now]
    assert {can.refusal for can in refusals} == {why}
    who = {"customer": subscription.customer, "now": CLOSES}
    acts = [
        lambda: planning.swap(subscription.pk, choices={made.fruit.pk: made.oranges.pk}, for_all=False, **who),
        lambda: planning.swap(subscription.pk, choices={made.fruit.pk: made.oranges.pk}, for_all=True, **who),
        lambda: planning.skip(subscription.pk, **who),
        lambda: planning.move(subscription.pk, day=date(2026, 4, 20), **who),
        lambda: planning.order_now(subscription.pk, **who),
        lambda: planning.set_address(subscription.pk, address=NEW_HOME, **who),
    ]
    for act in acts:
        with pytest.raises(CutOffPassed) as refused:
            act()
        assert str(refused.value) == why
    recipient = BoxRecipient.objects.get()
    assert (recipient.picked, recipient.next_choices, recipient.address) == (
        {made.fruit.pk: made.lemons.pk},
        None,
        boxes.WHERE,
    )
    assert (Pause.objects.count(), Period.objects.count(), BoxDelivery.objects.count()) == (0, 1, 1)


def test_swap_the_next_one_or_all(subscription, made, now):
    def fruit():
        return plan(subscription, now=now).contents[0].variant

    who = {"customer": subscription.customer, "now": now}
    planning.swap(subscription.pk, choices={made.fruit.pk: made.oranges.pk}, for_all=False, **who)
    assert (fruit(), BoxRecipient.objects.get().picked) == (made.oranges, {made.fruit.pk: made.lemons.pk})
    planning.swap(subscription.pk, choices={made.fruit.pk: made.oranges.pk}, for_all=True, **who)
    recipient = BoxRecipient.objects.get()
    assert (recipient.picked, recipient.next_choices) == ({made.fruit.pk: made.oranges.pk}, None)


def test_what_is_changed_before_the_first_box_is_made_is_in_the_one_after_it(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    choices = {made.fruit.pk: made.oranges.pk}
    planning.swap(subscription.pk, customer=subscription.customer, choices=choices, for_all=False, now=now)
    first = Order.objects.get(delivery__subscription=subscription)
    assert set(first.lines.get().pieces.values_list("variant", flat=True)) == {made.lemons.pk, made.jam.pk}
    assert plan(subscription, now=now).contents[0].variant == made.oranges
    sweeps.run("orders.boxes", now=now)
    assert Order.objects.get(delivery__subscription=subscription) == first


def test_nothing_else_than_the_bundle_offers_can_be_picked(subscription, made, now):
    other = catalog.product().variants.get()
    for choices in ({made.fruit.pk: other.pk}, {}, {made.fruit.pk: made.lemons.pk, 999_999: made.jam.pk}):
        with pytest.raises(InvalidChoice):
            planning.swap(subscription.pk, customer=subscription.customer, choices=choices, for_all=False, now=now)
    assert BoxRecipient.objects.get().next_choices is None


def test_skip_and_take_it_back(subscription, now):
    who = {"customer": subscription.customer}
    planning.skip(subscription.pk, charge_at=APRIL, now=now, **who)
    shown = plan(subscription, now=now)
    assert (shown.charge_at, shown.closes_at, shown.is_put_off) == (MAY, MAY - 2 * DAY, True)
    assert (bool(shown.can_unskip), bool(shown.can_skip)) == (True, False)
    planning.unskip(subscription.pk, now=CLOSES - DAY, **who)
    assert plan(subscription, now=now).charge_at == APRIL


def test_what_was_skipped_cannot_come_back_once_its_day_is_closed(subscription, now):
    planning.skip(subscription.pk, customer=subscription.customer, now=now)
    assert not plan(subscription, now=LATE).can_unskip
    with pytest.raises(CutOffPassed):
        planning.unskip(subscription.pk, customer=subscription.customer, now=LATE)
    assert plan(subscription, now=LATE).charge_at == MAY


def test_a_skipped_box_is_neither_charged_nor_sent(subscription, now):
    planning.skip(subscription.pk, customer=subscription.customer, now=now)
    sweeps.run_all(now=APRIL + DAY)
    assert BoxDelivery.objects.count() == 1
    sweeps.run_all(now=MAY)
    sweeps.run_all(now=MAY)
    assert list(BoxDelivery.objects.order_by("number").values_list("due_at", "status")) == [
        (now, "ordered"),
        (MAY, "ordered"),
    ]


def test_move_to_a_later_day_and_count_from_it(subscription, now):
    planning.move(subscription.pk, customer=subscription.customer, day=date(2026, 4, 20), charge_at=APRIL, now=now)
    moved = datetime(2026, 4, 20, 8, 30, tzinfo=UTC)
    shown = plan(subscription, now=now)
    assert (shown.charge_at, shown.is_put_off) == (moved, True)
    for day in (APRIL, moved, moved):
        sweeps.run_all(now=day)
    assert list(BoxDelivery.objects.order_by("number").values_list("due_at", flat=True)) == [now, moved]
    assert plan(subscription, now=moved).charge_at == datetime(2026, 5, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 4, 10), date(2026, 4, 1), date(2026, 7, 12)])
def test_a_box_moves_to_no_earlier_day_nor_too_late(subscription, day, now):
    with pytest.raises(CannotPause):
        planning.move(subscription.pk, customer=subscription.customer, day=day, now=now)
    assert plan(subscription, now=now).charge_at == APRIL


def test_moving_back(subscription, now):
    planning.move(subscription.pk, customer=subscription.customer, day=date(2026, 4, 20), now=now)
    planning.unmove(subscription.pk, customer=subscription.customer, now=now)
    assert plan(subscription, now=now).charge_at == APRIL


def test_order_now_charges_and_sends_the_next_one(subscription, now):
    soon = now + 3 * DAY
    planning.order_now(subscription.pk, customer=subscription.customer, charge_at=APRIL, now=soon)
    sweeps.run("billing.collect", now=soon)
    sweeps.run("orders.boxes", now=soon)
    assert list(BoxDelivery.objects.order_by("number").values_list("number", "due_at", "status")) == [
        (0, now, "ordered"),
        (1, soon, "ordered"),
    ]
    assert plan(subscription, now=soon).charge_at == MAY


def test_a_page_that_showed_another_day_changes_nothing(subscription, now):
    who = {"customer": subscription.customer, "charge_at": MAY, "now": now}
    for act in (
        lambda: planning.skip(subscription.pk, **who),
        lambda: planning.move(subscription.pk, day=date(2026, 4, 20), **who),
        lambda: planning.order_now(subscription.pk, **who),
    ):
        with pytest.raises(BoxChanged):
            act()
    assert plan(subscription, now=now).charge_at == APRIL


def test_nobody_else_plans_my_box(subscription, made, now):
    stranger = {"customer": accounts.customer(), "now": now}
    for act in (
        lambda: planning.swap(subscription.pk, choices={made.fruit.pk: made.oranges.pk}, for_all=True, **stranger),
        lambda: planning.skip(subscription.pk, **stranger),
        lambda: planning.set_address(subscription.pk, address=NEW_HOME, **stranger),
    ):
        with pytest.raises(NotOpen):
            act()
    assert BoxRecipient.objects.get().address == boxes.WHERE


def test_another_address_for_the_next_boxes(subscription, now):
    planning.set_address(subscription.pk, customer=subscription.customer, address=NEW_HOME, now=now)
    assert BoxRecipient.objects.get().address == NEW_HOME
    far = {**NEW_HOME, "country": "JP"}
    with pytest.raises(NotSentThere):
        planning.set_address(subscription.pk, customer=subscription.customer, address=far, now=now)
    assert BoxRecipient.objects.get().address == NEW_HOME


def test_the_address_that_a_held_box_waits_for_can_always_be_said(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now, address=None)
    sweeps.run("orders.boxes", now=now)
    assert [row.status for row in plan(subscription, now=LATE).held] == ["held"]
    planning.set_address(subscription.pk, customer=subscription.customer, address=boxes.WHERE, now=LATE)
    assert sweeps.run("orders.boxes", now=LATE) == 1
    assert BoxDelivery.objects.get().order.address == boxes.WHERE


def test_a_given_box_can_be_changed_but_not_skipped(gateway, made, now):
    friend = accounts.customer()
    boxes.prepare(friend, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    sweeps.run("orders.boxes", now=now)
    mine = boxes.of(friend)
    shown = planning.upcoming(mine, now=now)
    assert (shown.charge_at, shown.sends_at, shown.closes_at, shown.total) == (None, APRIL, CLOSES, None)
    planning.swap(mine.pk, customer=friend, choices={made.fruit.pk: made.oranges.pk}, for_all=False, now=now)
    assert planning.upcoming(mine, now=now).contents[0].variant == made.oranges
    assert not any([shown.can_skip, shown.can_move, shown.can_order_now])
    with pytest.raises(CannotPause):
        planning.skip(mine.pk, customer=friend, now=now)


def test_a_change_of_size_is_the_next_box(gateway, subscription, made, now):
    large = boxes.box(amount_minor=4900, rank=900)
    subscription.refresh_from_db()
    subscription.pending_price = large.price
    subscription.save()
    shown = plan(subscription, now=now)
    assert (shown.box, shown.total) == (large.box, Money(4900, "EUR"))
    assert shown.contents[0].variant == large.lemons


def test_a_membership_and_a_cancelled_box_have_no_next_box(gateway, subscription, now, stocked):
    assert planning.upcoming(memberships.member(gateway, now=now), now=now) is None
    subscription.refresh_from_db()
    subscription.ends_at = subscription.current_end
    subscription.save()
    assert plan(subscription, now=now) is None


def test_the_skips_of_a_plan_are_counted(gateway, now):
    made = boxes.box(pauses_per_year=0)
    subscription = boxes.subscriber(gateway, made, now=now)
    shown = plan(subscription, now=now)
    assert "0 times a year" in shown.can_skip.refusal
    assert shown.can_move.refusal == shown.can_skip.refusal


def test_before_joining_all_is_checked(made, now):
    user = accounts.customer()
    lemons = {made.fruit.pk: made.lemons.pk}
    with pytest.raises(InvalidChoice):
        joining.prepare(user, made.plan, address=boxes.WHERE, choices={made.fruit.pk: made.jam.pk}, now=now)
    with pytest.raises(NotSentThere):
        joining.prepare(user, made.plan, address={**boxes.WHERE, "country": "JP"}, choices=lemons, now=now)
    with pytest.raises(NotForSale):
        joining.prepare(user, memberships.plans()["grove"], address=boxes.WHERE, choices=lemons, now=now)
    assert not BoxRecipient.objects.exists()
    joining.prepare(user, made.plan, address=boxes.WHERE, choices=lemons, now=now)
    joining.prepare(user, made.plan, address=NEW_HOME, choices={made.fruit.pk: made.oranges.pk}, now=now)
    recipient = BoxRecipient.objects.get()
    assert (recipient.address, recipient.picked) == (NEW_HOME, {made.fruit.pk: made.oranges.pk})


def test_taking_nothing_back(subscription, now):
    with pytest.raises(NothingToChange):
        planning.unskip(subscription.pk, customer=subscription.customer, now=now)
