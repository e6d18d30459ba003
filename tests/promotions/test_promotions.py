"""Discounts and their redemptions."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.promotions import rules, services
from apps.promotions.models import Promotion, Redemption
from tests.factories import accounts

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def terms(*, percent: int | None = None, amount: int | None = None):
    return SimpleNamespace(
        percent_basis_points=percent, amount_minor=amount, currency="EUR" if amount is not None else None
    )


def promotion(**columns) -> Promotion:
    facts = {"name": "Spring", "percent_basis_points": 2500, "valid_from": NOW}
    return Promotion.objects.create(**{**facts, **columns})


@given(amount=st.integers(0, 10**9), percent=st.integers(1, 10_000), off=st.integers(1, 10**9))
def test_a_discount_lies_between_nothing_and_the_price(amount, percent, off):
    by_share = rules.discount(amount, terms(percent=percent))
    assert 0 <= by_share <= amount
    assert abs(by_share * 10_000 - amount * percent) * 2 <= 10_000
    assert rules.discount(amount, terms(amount=off)) == min(amount, off)


def test_exact_discounts():
    assert rules.discount(999, terms(percent=5000)) == 500
    assert rules.discount(1200, terms(percent=10_000)) == 1200
    assert rules.discount(1200, terms(amount=1500)) == 1200
    with pytest.raises(ValueError, match="negative"):
        rules.discount(-1, terms(percent=100))
    assert rules.applies(terms(amount=5), "EUR")
    assert not rules.applies(terms(amount=5), "USD")
    assert rules.applies(terms(percent=5), "USD")


@pytest.mark.django_db
def test_one_redemption_for_a_key():
    spring, anna = promotion(), accounts.customer()
    first = services.redeem(spring.pk, customer=anna, key="signup:1", now=NOW)
    assert services.redeem(spring.pk, customer=anna, key="signup:1", now=NOW) == first
    spring.refresh_from_db()
    assert (spring.redeemed, Redemption.objects.count()) == (1, 1)

    services.release("signup:1", now=NOW)
    services.release("signup:1", now=NOW)
    services.release("never", now=NOW)
    spring.refresh_from_db()
    assert spring.redeemed == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("columns", "when"),
    [
        ({"is_active": False}, NOW),
        ({}, NOW - timedelta(seconds=1)),
        ({"valid_to": NOW + timedelta(days=1)}, NOW + timedelta(days=1)),
    ],
)
def test_outside_its_terms_nothing_is_redeemed(columns, when):
    spring = promotion(**columns)
    with pytest.raises(services.NotRedeemable):
        services.redeem(spring.pk, customer=accounts.customer(), key="k", now=when)
    spring.refresh_from_db()
    assert (spring.redeemed, Redemption.objects.count()) == (0, 0)
    assert not Promotion.objects.running(when).filter(name="Spring").exists()


@pytest.mark.django_db
def test_limits_for_all_and_for_each():
    spring, anna, bea = promotion(code="SPRING", max_redemptions=2), accounts.customer(), accounts.customer()
    services.redeem(spring.pk, customer=anna, key="1", now=NOW)
    with pytest.raises(services.NotRedeemable):
        services.redeem(spring.pk, customer=anna, key="2", now=NOW)
    services.redeem(spring.pk, customer=bea, key="3", now=NOW)
    with pytest.raises(services.NotRedeemable):
        services.redeem(spring.pk, customer=accounts.customer(), key="4", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Redemption.objects.create(promotion=spring, customer=anna, key="5", at=NOW, once=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Promotion.objects.filter(pk=spring.pk).update(redeemed=3)
    assert Redemption.objects.count() == 2
    assert Promotion.objects.by_code(" spring ") == spring
    assert Promotion.objects.by_code("summer") is None


@pytest.mark.django_db
def test_a_promotion_without_a_code_may_come_again():
    gift, anna = promotion(), accounts.customer()
    services.redeem(gift.pk, customer=anna, key="1", now=NOW)
    services.redeem(gift.pk, customer=anna, key="2", now=NOW)
    gift.refresh_from_db()
    assert gift.redeemed == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "columns",
    [
        {"amount_minor": 100, "currency": "EUR"},
        {"percent_basis_points": None},
        {"percent_basis_points": None, "amount_minor": 100},
        {"percent_basis_points": 10_001},
        {"duration": "repeating"},
        {"duration": "once", "periods": 3},
        {"valid_to": NOW - timedelta(days=1)},
        {"code": "small"},
        {"code": ""},
    ],
)
def test_the_database_refuses_terms_that_make_no_sense(columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        promotion(**columns)
    assert not Promotion.objects.filter(name="Spring").exists()
