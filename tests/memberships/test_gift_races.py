"""A code is used once, whoever is first."""

from datetime import UTC, datetime

from apps.billing.models import Account, Invoice, LedgerEntry
from apps.memberships.gifts import redeeming, refunding
from apps.memberships.models import Gift, GiftStatus, Subscription
from tests.factories import accounts, gifts
from tests.memberships.together import together

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)


def redeem(gift: Gift, customer) -> Gift:
    return redeeming.redeem(gift.code, customer=customer, shown="starts", now=NOW)


def owed_for_gifts() -> int:
    return LedgerEntry.objects.balances().get((Account.GIFTS, "EUR"), 0)


def test_two_windows_and_two_people_redeem_it_once(own_database, gateway):
    gift = gifts.bought(gateway, now=NOW)
    first, second = accounts.customer(), accounts.customer()
    assert together(*[lambda: redeem(gift, first)] * 3, *[lambda: redeem(gift, second)] * 3) == []
    gift.refresh_from_db()
    assert gift.status == GiftStatus.REDEEMED
    assert Subscription.objects.filter(customer__in=[first, second]).count() == 1
    assert Invoice.objects.filter(customer__in=[first, second]).count() == 1
    assert LedgerEntry.objects.filter(account=Account.GIFTS, customer__in=[first, second]).count() == 1
    assert owed_for_gifts() == 0


def test_it_is_refunded_or_redeemed_but_not_both(own_database, gateway):
    for _round in range(4):
        gift, user = gifts.bought(gateway, now=NOW), accounts.customer()
        problems = together(
            lambda gift=gift, user=user: redeem(gift, user),
            lambda gift=gift: refunding.refund(gift.pk, actor="staff", now=NOW),
        )
        assert problems == []
        gift.refresh_from_db()
        redeemed = gift.status == GiftStatus.REDEEMED
        assert redeemed or gift.status == GiftStatus.REFUNDED
        assert Subscription.objects.filter(customer=user).exists() == redeemed
        assert gift.invoice.payments.get().refunds.exists() != redeemed
        assert owed_for_gifts() == 0


def test_two_gifts_for_one_person_at_the_same_moment(own_database, gateway):
    one, other, user = gifts.bought(gateway, now=NOW), gifts.bought(gateway, now=NOW), accounts.customer()
    assert together(lambda: redeem(one, user), lambda: redeem(other, user)) == []
    statuses = sorted(Gift.objects.values_list("status", flat=True))
    # The second would extend, which is not what its page said.
    assert statuses == ["redeemed", "waiting"]
    assert Subscription.objects.filter(customer=user).count() == 1
