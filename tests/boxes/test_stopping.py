"""What ran out is decided once, and carried out for everybody, each told once."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.catalog.models import BundleChoice, Stock
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships.gifts import redeeming
from apps.memberships.models import Pause
from apps.orders import fulfilling
from apps.orders.boxes import planning, stopping
from apps.orders.errors import OrderRefused
from apps.orders.models import BoxDelivery, BoxRecipient, BoxStop, OrderPiece
from tests.factories import accounts, boxes, catalog, gifts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
APRIL = datetime(2026, 4, 10, 8, 30, tzinfo=UTC)
UNTIL = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def made(db):
    return boxes.box()


@pytest.fixture
def limes(db):
    return catalog.product(name="Limes", left=50).variants.select_related("product").get()


def substitute(made, variant, by, *, now) -> BoxStop:
    return stopping.decide(made.box, kind="substitute", variant=variant, substitute=by, actor="staff", now=now)


def pause(made, *, now, until=UNTIL) -> BoxStop:
    return stopping.decide(made.box, kind="pause", until=until, actor="staff", now=now)


def carry_out(stop, *, now) -> tuple[int, int]:
    """How many customers were handled and passed over."""
    sweeps.run("orders.box_stops", now=now)
    stop.refresh_from_db()
    assert stop.done_at == now
    return stop.handled, stop.passed_over


def letters(kind="box-substituted") -> dict:
    return {letter.user_id: letter.text for letter in Message.objects.filter(kind=kind)}


def left(variant) -> int:
    return Stock.objects.get(variant=variant).available


def test_what_ran_out_gives_way_for_those_who_had_it(gateway, made, limes, now):
    lemon = boxes.subscriber(gateway, made, now=now)
    orange = boxes.subscriber(gateway, made, now=now, picked=made.oranges)
    unsaid = boxes.subscriber(gateway, made, now=now)
    once = boxes.subscriber(gateway, made, now=now, picked=made.oranges)
    sweeps.run("orders.boxes", now=now)
    for order in (delivery.order for delivery in BoxDelivery.objects.all()):
        fulfilling.pack(order.pk, actor="staff", now=now)
    BoxRecipient.objects.filter(customer=unsaid.customer).update(choices={})
    planning.swap(once.pk, customer=once.customer, choices={made.fruit.pk: made.lemons.pk}, for_all=False, now=now)
    stop = substitute(made, made.lemons, limes, now=now)
    assert carry_out(stop, now=now) == (3, 0)

    def fruit(subscription):
        mine = BoxRecipient.objects.get(customer=subscription.customer)
        return mine.picked.get(made.fruit.pk), mine.picked_next.get(made.fruit.pk)

    limes_for_all = (limes.pk, limes.pk)
    assert (fruit(lemon), fruit(unsaid)) == (limes_for_all, limes_for_all)
    assert (fruit(orange), fruit(once)) == ((made.oranges.pk, made.oranges.pk), (made.oranges.pk, limes.pk))
    assert list(BundleChoice.objects.filter(slot=made.fruit).values_list("variant", flat=True).order_by("pk")) == [
        made.oranges.pk,
        limes.pk,
    ]
    assert set(letters()) == {lemon.customer_id, unsaid.customer_id, once.customer_id}
    assert f"The fruit: Limes instead of {made.lemons}" in letters()[lemon.customer_id]
    assert set(OrderPiece.objects.filter(variant=limes)) == set()


def test_again_changes_nothing(gateway, made, limes, now):
    boxes.subscriber(gateway, made, now=now)
    stop = substitute(made, made.lemons, limes, now=now)
    carry_out(stop, now=now)
    before = (left(limes), left(made.lemons), Message.objects.count())
    BoxStop.objects.update(done_at=None)
    assert carry_out(stop, now=now + DAY) == (1, 0)
    assert (left(limes), left(made.lemons), Message.objects.count()) == before


def test_a_fixed_piece_gives_way_too(gateway, made, limes, now):
    boxes.subscriber(gateway, made, now=now)
    assert carry_out(substitute(made, made.jam, limes, now=now), now=now) == (1, 0)
    sweeps.run("orders.boxes", now=now)
    assert dict(OrderPiece.objects.values_list("variant", "quantity")) == {made.lemons.pk: 1, limes.pk: 2}


def test_orders_that_are_not_packed_exchange_their_pieces(gateway, made, limes, now):
    subscription = boxes.subscriber(gateway, made, now=now, quantity=3)
    sweeps.run("orders.boxes", now=now)
    assert carry_out(substitute(made, made.jam, limes, now=now), now=now) == (1, 0)
    assert dict(OrderPiece.objects.values_list("variant", "quantity")) == {made.lemons.pk: 1, limes.pk: 2}
    assert (left(made.jam), left(limes)) == (100, 44)
    assert set(letters()) == {subscription.customer_id}


def test_packed_orders_stay_as_they_are(gateway, made, limes, now):
    order = boxes.sent(gateway, made, now=now)
    fulfilling.pack(order.pk, actor="staff", now=now)
    carry_out(substitute(made, made.jam, limes, now=now), now=now)
    assert dict(OrderPiece.objects.values_list("variant", "quantity")) == {made.lemons.pk: 1, made.jam.pk: 2}
    assert (left(made.jam), left(limes)) == (98, 50)


def test_who_cannot_have_the_substitute_is_passed_over(gateway, made, limes, now):
    for _each in range(2):
        boxes.sent(gateway, made, now=now)
    catalog.shelves.correct(limes, available=3, key="few", now=now)
    stop = substitute(made, made.jam, limes, now=now)
    assert carry_out(stop, now=now) == (2, 1)
    assert left(limes) == 1
    assert sorted(OrderPiece.objects.filter(quantity=2).values_list("variant", flat=True)) == sorted(
        [made.jam.pk, limes.pk]
    )


def test_held_boxes_are_tried_again(gateway, made, limes, now):
    catalog.shelves.correct(made.jam, available=1, key="few", now=now)
    boxes.subscriber(gateway, made, now=now)
    sweeps.run("orders.boxes", now=now)
    assert BoxDelivery.objects.get().status == "held"
    carry_out(substitute(made, made.jam, limes, now=now), now=now)
    assert sweeps.run("orders.boxes", now=now) == 1
    assert BoxDelivery.objects.get().status == "ordered"
    assert left(limes) == 48


def test_a_substitute_must_make_sense(made, limes, now):
    bundle = catalog.bundle(("One", 1, [limes]))
    wrong = [(limes, made.jam), (made.jam, made.jam), (made.jam, bundle), (made.jam, None), (None, limes)]
    for variant, by in wrong:
        with pytest.raises(OrderRefused):
            substitute(made, variant, by, now=now)
    assert not BoxStop.objects.exists()


def test_one_decision_at_a_time(made, limes, now):
    substitute(made, made.jam, limes, now=now)
    with pytest.raises(OrderRefused):
        pause(made, now=now)
    assert BoxStop.objects.count() == 1


def test_nobody_is_charged_or_sent_a_box_before_the_day(gateway, made, now):
    subscription = boxes.subscriber(gateway, made, now=now)
    sweeps.run("orders.boxes", now=now)
    assert stopping.reach(made.box, kind="pause", until=UNTIL).contracts == 1
    assert carry_out(pause(made, now=now), now=now) == (1, 0)
    own = Pause.objects.get()
    assert (own.by_shop, own.resumes_at, own.actor) == (True, UNTIL, "staff")
    text = letters("box-paused-by-shop")[subscription.customer_id]
    assert "It comes again on: 1 May 2026" in text
    assert "nothing is charged" in text
    assert not Message.objects.filter(kind="pause-confirmation").exists()
    for day in (APRIL, UNTIL, UNTIL):
        sweeps.run_all(now=day)
    assert list(BoxDelivery.objects.order_by("number").values_list("due_at", flat=True)) == [now, UNTIL]


def test_the_yearly_limit_of_the_customer_is_not_asked(gateway, now):
    made = boxes.box(pauses_per_year=0)
    boxes.subscriber(gateway, made, now=now)
    assert carry_out(pause(made, now=now), now=now) == (1, 0)


def test_who_comes_later_anyway_is_left_alone_and_who_cannot_wait_is_counted(gateway, made, now):
    boxes.subscriber(gateway, made, now=now + 25 * DAY)
    moved = boxes.subscriber(gateway, made, now=now)
    planning.move(moved.pk, customer=moved.customer, day=(APRIL + 7 * DAY).date(), now=now)
    cancelled = boxes.subscriber(gateway, made, now=now)
    planning.services.request_cancel(cancelled.pk, customer=cancelled.customer, now=now)
    assert carry_out(pause(made, now=now, until=APRIL + 10 * DAY), now=now) == (0, 1)
    assert letters("box-paused-by-shop") == {}
    assert Pause.objects.get().resumes_at == APRIL + 7 * DAY


def test_given_boxes_come_later_one_after_the_other(gateway, made, now):
    friend = accounts.customer()
    boxes.prepare(friend, made, now=now)
    gift = gifts.bought(gateway, now=now, price=made.price, periods=3)
    redeeming.redeem(gift.code, customer=friend, shown="starts", now=now)
    sweeps.run("orders.boxes", now=now)
    stop = pause(made, now=now)
    assert carry_out(stop, now=now) == (1, 0)
    may = datetime(2026, 5, 10, 8, 30, tzinfo=UTC)
    expected = [now, UNTIL, UNTIL + (may - APRIL)]
    assert list(BoxDelivery.objects.order_by("number").values_list("due_at", flat=True)) == expected
    assert "as many boxes as you were given" in letters("box-paused-by-shop")[friend.pk]
    BoxStop.objects.update(done_at=None)
    carry_out(stop, now=now)
    assert list(BoxDelivery.objects.order_by("number").values_list("due_at", flat=True)) == expected


def test_a_pause_is_until_a_time_to_come(made, now):
    for until in (None, now, now - DAY):
        with pytest.raises(OrderRefused):
            pause(made, now=now, until=until)
    assert not BoxStop.objects.exists()
