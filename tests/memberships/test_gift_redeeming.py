"""Redeeming a gift: what it does depends on what the customer has, and is said before."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.billing import credit
from apps.billing.models import Account, Invoice, LedgerEntry, Payment
from apps.core.money import Money
from apps.insights import numbers
from apps.loyalty.models import PointsEntry
from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, services, signup
from apps.memberships.gifts import redeeming
from apps.memberships.models import Gift, GiftStatus, Period, Status, Subscription
from tests.factories import accounts, gifts
from tests.factories import memberships as make

NOW = datetime(2026, 4, 30, 10, 0, tzinfo=UTC)
# Three months from 30 April, in Rome.
END = datetime(2026, 7, 30, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def balances() -> dict[str, int]:
    return {account: minor for (account, _currency), minor in LedgerEntry.objects.balances().items() if minor}


def redeem(gift: Gift, customer, *, shown: str = "starts", now: datetime = NOW) -> Gift:
    return redeeming.redeem(gift.code, customer=customer, shown=shown, now=now)


def test_a_membership_with_a_fixed_end_without_a_card(gateway):
    gift, user = gifts.bought(gateway, now=NOW), accounts.customer()
    effect = redeeming.effect_of(gift, customer=user, now=NOW)
    assert (effect.use, effect.starts_at, effect.ends_at, effect.ends) == ("starts", NOW, END, None)
    redeem(gift, user)
    member = Subscription.objects.current_of(user)
    assert (member.status, member.origin, member.plan.slug) == (Status.ACTIVE, "gift", "grove")
    assert (member.ends_at, member.next_bill_at, member.next_charge_at) == (END, None, None)
    assert not member.is_cancelling
    invoice = Invoice.objects.get(customer=user)
    assert (invoice.total_minor, invoice.tax_minor, invoice.due_minor, invoice.status) == (3600, 649, 0, "paid")
    period = Period.objects.get(subscription=member)
    assert (period.start, period.end, period.gross_minor, period.invoice) == (NOW, END, 3600, invoice)
    # What was owed for the gift has become deferred revenue and the VAT of where the recipient lives.
    assert balances() == {Account.CASH: 3600, Account.TAX_PAYABLE: -649, Account.REVENUE_DEFERRED: -2951}
    assert credit.balance(user, "EUR").minor == 0
    assert numbers.mrr(now=NOW) == []
    assert not PointsEntry.objects.filter(customer=user).exists()
    assert Payment.objects.filter(invoice__customer=user).count() == 0
    assert "30 July 2026" in Message.objects.get(kind="gift-redeemed").text
    assert not Message.objects.filter(kind="membership-confirmation").exists()

    gift.refresh_from_db()
    assert (gift.status, gift.redeemed_by, gift.used_as, gift.subscription) == ("redeemed", user, "starts", member)
    assert renewals.bill_due(now=END) == 0
    assert clearing.end_due(now=END) == 1
    member.refresh_from_db()
    assert (member.status, member.end_reason) == (Status.ENDED, "ran_out")


def test_own_credit_is_left_alone(gateway):
    gift, user = gifts.bought(gateway, now=NOW), accounts.customer()
    credit.grant(user, money=Money(700, "EUR"), key="t", reason="t", now=NOW, source_account=Account.REVENUE)
    redeem(gift, user)
    assert credit.balance(user, "EUR") == Money(700, "EUR")


def test_a_free_and_a_complimentary_membership_give_way_and_it_is_said(gateway):
    free = make.free_member(now=NOW)
    gift = gifts.bought(gateway, now=NOW)
    assert redeeming.effect_of(gift, customer=free.customer, now=NOW).ends == free
    redeem(gift, free.customer)
    free.refresh_from_db()
    assert (free.status, free.end_reason) == (Status.ENDED, "upgraded")

    user = accounts.customer()
    comp = services.give_complimentary(user, make.plans()["estate"], reason="t", actor="staff", now=NOW)
    other = gifts.bought(gateway, now=NOW)
    assert redeeming.effect_of(other, customer=user, now=NOW).ends.is_complimentary
    redeem(other, user)
    comp.refresh_from_db()
    assert comp.status == Status.ENDED


def test_who_pays_already_gets_credit_that_pays_the_next_invoices(gateway):
    member = make.member(gateway, "estate", now=NOW)
    gift = gifts.bought(gateway, now=NOW)
    effect = redeeming.effect_of(gift, customer=member.customer, now=NOW)
    assert (effect.use, effect.pays_for) == ("credit", member)
    redeem(gift, member.customer, shown="credit")
    assert credit.balance(member.customer, "EUR") == Money(3600, "EUR")
    assert Account.GIFTS not in balances()
    renewals.bill_due(now=member.current_end)
    renewal = Invoice.objects.get(reason="renewal")
    assert (renewal.total_minor, renewal.credit_applied_minor, renewal.due_minor) == (5900, 3600, 2300)
    assert "€36.00" in Message.objects.get(kind="gift-redeemed").text


def test_a_second_gift_of_the_same_plan_extends_the_first(gateway):
    user = accounts.customer()
    redeem(gifts.bought(gateway, now=NOW), user)
    second = gifts.bought(gateway, now=NOW, periods=1)
    later = NOW + timedelta(days=20)
    effect = redeeming.effect_of(second, customer=user, now=later)
    longer = datetime(2026, 8, 30, 10, 0, tzinfo=UTC)
    assert (effect.use, effect.starts_at, effect.ends_at) == ("extends", END, longer)
    redeem(second, user, shown="extends", now=later)
    member = Subscription.objects.get(customer=user)
    assert (member.ends_at, member.current_end) == (longer, longer)
    spans = list(Period.objects.filter(subscription=member).order_by("start").values_list("start", "end"))
    assert spans == [(NOW, END), (END, longer)]
    assert clearing.end_due(now=END) == 0
    assert clearing.end_due(now=longer) == 1


@pytest.mark.parametrize("why", ["currency", "cancelled", "other_plan", "signing_up", "country"])
def test_otherwise_it_is_kept_and_the_code_stays_good(gateway, why):
    gift, user = gifts.bought(gateway, now=NOW), accounts.customer()
    match why:
        case "currency":
            make.join(gateway, make.price("grove", currency="USD"), now=NOW, user=user)
            said = "paid in USD, the gift in EUR"
        case "cancelled":
            member = make.member(gateway, now=NOW, user=user)
            services.request_cancel(member.pk, customer=user, now=NOW)
            said = "from 30 May 2026 on"
        case "other_plan":
            redeem(gifts.bought(gateway, now=NOW, slug="estate", periods=1), user)
            said = "from 30 May 2026 on"
        case "signing_up":
            begun, _setup = make.begin(gateway, make.price("grove"), now=NOW, user=user)
            Subscription.objects.create(
                customer=user,
                price=begun.price,
                plan=begun.price.plan,
                plan_group="membership",
                anchor=NOW,
                zone="Europe/Rome",
                current_start=NOW,
                created_at=NOW,
            )
            said = "on its way"
        case "country":
            user.country = "ZZ"
            user.save()
            said = "your country"
    before = Subscription.objects.count(), credit.balance(user, "EUR"), Message.objects.count(), balances()
    with pytest.raises(errors.KeptForLater, match=said):
        redeeming.effect_of(gift, customer=user, now=NOW)
    for shown in ("starts", "credit", "extends"):
        with pytest.raises(errors.KeptForLater):
            redeem(gift, user, shown=shown)
    assert before == (Subscription.objects.count(), credit.balance(user, "EUR"), Message.objects.count(), balances())
    gift.refresh_from_db()
    assert gift.status == GiftStatus.WAITING


def test_it_does_only_what_was_shown(gateway):
    gift = gifts.bought(gateway, now=NOW)
    member = make.member(gateway, now=NOW)
    with pytest.raises(errors.QuoteChanged):
        redeem(gift, member.customer, shown="starts")
    gift.refresh_from_db()
    assert (gift.status, credit.balance(member.customer, "EUR").minor) == (GiftStatus.WAITING, 0)


@pytest.mark.parametrize("code", ["", "ABCD", "A" * 16, "0O1I" * 4, "x" * 500, "ab\x00cd"])
def test_no_such_code(code):
    with pytest.raises(errors.GiftNotUsable, match="no gift with this code"):
        redeeming.redeem(code, customer=accounts.customer(), shown="starts", now=NOW)
    assert not Subscription.objects.exists()


def test_while_it_runs_it_is_not_changed_cancelled_or_replaced(gateway):
    user = accounts.customer()
    redeem(gifts.bought(gateway, now=NOW), user)
    member = Subscription.objects.current_of(user)
    estate = make.price("estate")
    with pytest.raises(errors.NothingToChange, match="is a gift"):
        services.change_plan(member.pk, estate.pk, customer=user, now=NOW)
    with pytest.raises(errors.AlreadySubscribed, match="until 30 July 2026"):
        signup.start(user, estate.pk, now=NOW, **make.TERMS)
    with pytest.raises(errors.NothingToChange):
        services.undo_cancel(member.pk, customer=user, now=NOW)
    with pytest.raises(errors.CannotPause):
        services.request_pause(member.pk, months=1, customer=user, now=NOW)
    services.request_cancel(member.pk, customer=user, now=NOW)
    member.refresh_from_db()
    assert (member.status, member.ends_at, member.cancel_reason) == (Status.ACTIVE, END, "")
    clearing.end_due(now=END)
    assert make.member(gateway, "estate", now=END, user=user).plan.slug == "estate"
