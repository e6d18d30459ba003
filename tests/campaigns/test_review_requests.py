"""Buyers are asked for a review: with consent, once for each product, some days after it came, and not too often."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import services
from apps.campaigns import reviewing
from apps.campaigns.models import ReviewRequest
from apps.catalog import reviews
from apps.catalog.models import Product, ProductStatus
from apps.core import sweeps
from apps.mail import outbox
from apps.mail.models import Message, Stream
from apps.orders import fulfilling, refunding
from tests.factories import accounts, catalog, orders

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
WHO = {"actor": "staff@example.com"}


@pytest.fixture
def user(db):
    return accounts.marketable(name="Anna Rossi")


@pytest.fixture
def tree():
    return catalog.product(name="Lemon tree", slug="lemon-tree").variants.get()


def arrived(gateway, *variants, now, customer=None):
    """An order that was bought and has come at `now`."""
    order = orders.paid(gateway, *[(variant, 1) for variant in variants], now=now, customer=customer)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", now=now, **WHO)
    fulfilling.deliver(order.pk, now=now, **WHO)
    return order


def ask(at) -> int:
    return sweeps.run("campaigns.review_requests", now=at)


def letters() -> list[Message]:
    return list(Message.objects.filter(kind="review-request").order_by("pk"))


def asked() -> set[str]:
    return set(ReviewRequest.objects.values_list("product__name", flat=True))


def test_ten_days_after_it_came_and_once(gateway, now, user, tree):
    order = arrived(gateway, tree, now=now, customer=user)
    assert reviewing.next_due(now=now) == now + 10 * DAY
    assert ask(now + 10 * DAY - SECOND) == 0
    assert ask(now + 10 * DAY) == 1
    assert ask(now + 30 * DAY) == 0
    [letter] = letters()
    assert (letter.stream, letter.to_email) == ("marketing", user.email)
    assert letter.subject == "How do you like it: Lemon tree?"
    for body in (letter.text, letter.html):
        assert "/shop/lemon-tree/review/" in body
    row = ReviewRequest.objects.get()
    assert (row.customer, row.product, row.order, row.at) == (user, tree.product, order, now + 10 * DAY)
    assert reviewing.next_due(now=now + 10 * DAY) is None


def test_nobody_is_asked_after_two_months(gateway, now, user, tree):
    arrived(gateway, tree, now=now, customer=user)
    assert ask(now + 60 * DAY) == 0
    assert ask(now + 60 * DAY - SECOND) == 1


@pytest.mark.parametrize("why", ["no consent", "taken back", "inactive", "guest"])
def test_without_consent_nobody_is_asked(gateway, now, user, tree, why):
    buyer = {"no consent": accounts.customer(), "guest": None}.get(why, user)
    arrived(gateway, tree, now=now, customer=buyer)
    if why == "taken back":
        services.set_marketing(user, granted=False, source="account", now=now)
    if why == "inactive":
        user.is_active = False
        user.save()
    assert ask(now + 10 * DAY) == 0
    assert reviewing.next_due(now=now) is None


def test_what_went_back_or_is_not_shown_any_more_is_not_asked_about(gateway, now, user, tree):
    pot, spade = (catalog.product(name=name).variants.get() for name in ("Pot", "Spade"))
    order = arrived(gateway, tree, pot, spade, now=now, customer=user)
    line = order.lines.get(description="Pot")
    refunding.give_back(
        order.pk, pieces={line.pk: 1}, shipping=False, restock=False, reason="Frost", key="a", now=now, **WHO
    )
    Product.objects.filter(pk=spade.product_id).update(status=ProductStatus.RETIRED)
    ask(now + 10 * DAY)
    assert asked() == {"Lemon tree"}


def test_an_order_that_has_not_come_is_not_asked_about(gateway, now, user, tree):
    order = orders.paid(gateway, (tree, 1), now=now, customer=user)
    fulfilling.pack(order.pk, now=now, **WHO)
    fulfilling.ship(order.pk, carrier="GLS", now=now, **WHO)
    assert ask(now + 20 * DAY) == 0


def test_what_has_a_review_is_not_asked_about(gateway, now, user, tree):
    arrived(gateway, tree, now=now, customer=user)
    reviews.submit(tree.product, customer=user, rating=5, title="Good", text="It grows.", now=now)
    assert ask(now + 10 * DAY) == 0


def test_a_product_is_asked_about_once_however_often_it_is_bought(gateway, now, user, tree):
    arrived(gateway, tree, now=now, customer=user)
    ask(now + 10 * DAY)
    later = now + 90 * DAY
    pot = catalog.product(name="Pot").variants.get()
    arrived(gateway, tree, pot, now=later, customer=user)
    assert ask(later + 10 * DAY) == 1
    assert [letter.subject for letter in letters()][1:] == ["How do you like it: Pot?"]
    with pytest.raises(IntegrityError, match="campaigns_review_asked_for_once"), transaction.atomic():
        ReviewRequest.objects.create(customer=user, product=tree.product, order=user.orders.latest("pk"), at=later)


def test_three_things_in_a_letter_and_one_letter_in_two_months(gateway, now, user):
    things = [catalog.product(name=f"Thing {number}").variants.get() for number in range(5)]
    arrived(gateway, *things[:1], now=now, customer=user)
    arrived(gateway, *things[1:], now=now + DAY, customer=user)
    ask(now + 12 * DAY)
    assert asked() == {"Thing 1", "Thing 2", "Thing 3"}
    assert ask(now + 30 * DAY) == 0
    assert len(letters()) == 1


def test_never_close_to_other_marketing_mail(gateway, now, user, tree):
    arrived(gateway, tree, now=now, customer=user)
    sent = now + 9 * DAY
    outbox.put(
        "welcome-points",
        key="other",
        to=user.email,
        user_id=user.pk,
        locale="en",
        context={"name": "Anna", "plan": "Grove"},
        stream=Stream.MARKETING,
        unsubscribe_url=services.unsubscribe_url(user),
        now=sent,
    )
    assert ask(now + 10 * DAY) == 0
    assert reviewing.next_due(now=now + 10 * DAY) == sent + 3 * DAY
    assert ask(sent + 3 * DAY) == 1


def test_many_are_asked_in_few_statements(gateway, now, tree, django_assert_max_num_queries):
    for _each in range(6):
        arrived(gateway, tree, now=now, customer=accounts.marketable())
    with django_assert_max_num_queries(24):
        assert ask(now + 10 * DAY) == 6
