"""Buying a gift: one charge, one invoice, a liability; letters; taking it back; running out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.billing import cards, credit, invoices, refunds
from apps.billing.gateway.behaviours import authenticate, decline, lose_before
from apps.billing.models import Account, Invoice, LedgerEntry, Payment, Profile, Recovery, Refund
from apps.core import sweeps
from apps.core.money import Money
from apps.mail.models import Message
from apps.memberships import clearing, errors
from apps.memberships.gifts import buying, redeeming, refunding, rules, settling
from apps.memberships.models import Gift, GiftStatus, Plan
from tests.factories import accounts, billing, gifts
from tests.factories import memberships as make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def balances() -> dict[str, int]:
    return {account: minor for (account, _currency), minor in LedgerEntry.objects.balances().items() if minor}


def test_one_charge_one_invoice_and_a_liability(gateway):
    gift = gifts.bought(gateway, now=NOW)
    assert (gift.status, gift.amount, gift.expires_at) == (
        GiftStatus.WAITING,
        Money(3600, "EUR"),
        NOW + timedelta(days=1095),
    )
    invoice = Invoice.objects.get()
    # A multi-purpose voucher: the VAT is that of the recipient, when it is redeemed.
    assert (invoice.total_minor, invoice.tax_minor, invoice.status) == (3600, 0, Invoice.Status.PAID)
    line = invoice.lines.get()
    assert (line.description, line.quantity, line.unit_minor) == ("Gift: Grove membership, 3 months", 3, 1200)
    assert balances() == {Account.CASH: 3600, Account.GIFTS: -3600}
    assert gift.consent.text == "I agree to be charged once."
    assert set(gift.code) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")
    assert rules.read_code(f" {gift.printed_code.lower()} ") == gift.code
    again = buying.complete(gift.token, user=gift.buyer, setup_id=gift.setup_id, now=NOW)
    assert (again.status, Payment.objects.count()) == (GiftStatus.WAITING, 1)


def test_the_card_of_a_membership_stays_the_one_that_is_charged(gateway):
    member = make.member(gateway, now=NOW)
    before = Profile.objects.get(user=member.customer).default_card
    gift = gifts.bought(gateway, now=NOW, buyer=member.customer)
    assert Profile.objects.get(user=member.customer).default_card == before
    assert gift.invoice.payments.get().card != before
    other = gifts.begin(now=NOW, buyer=member.customer)
    done = buying.complete_with_card(other.token, user=member.customer, card_id=before.pk, now=NOW)
    assert (done.status, done.invoice.payments.get().card) == (GiftStatus.WAITING, before)


def test_letters_to_the_buyer_and_on_the_day_to_the_recipient(gateway):
    day = NOW + timedelta(days=20)
    gift = gifts.bought(gateway, now=NOW, email="bea@example.com", deliver_at=day, greeting="Happy <birthday>!")
    letter = Message.objects.get(kind="gift-delivery")
    assert (letter.to_email, letter.send_after, letter.secret, letter.user_id) == ("bea@example.com", day, True, None)
    assert gift.printed_code in letter.text
    assert f"/gifts/redeem/{gift.code}/" in letter.text
    assert "Happy &lt;birthday&gt;!" in letter.html
    own = Message.objects.get(kind="gift-bought")
    assert own.to_email == gift.buyer.email
    assert gift.code not in own.text
    assert f"/gifts/{gift.token}/" in own.text


def test_without_an_address_nothing_is_sent_to_the_recipient(gateway):
    gift = gifts.bought(gateway, now=NOW, deliver_at=NOW + timedelta(days=3))
    assert gift.deliver_at is None
    assert not Message.objects.filter(kind="gift-delivery").exists()


def test_a_declined_card_charges_nothing_and_is_not_dunned(gateway):
    gift = gifts.bought(gateway, now=NOW, script=(decline("insufficient_funds"),))
    assert gift.status == GiftStatus.FAILED
    assert gift.problem
    assert Invoice.objects.get().status == Invoice.Status.VOID
    assert balances() == {}
    assert not Recovery.objects.exists()
    assert not Message.objects.filter(kind__startswith="gift").exists()
    with pytest.raises(errors.GiftNotUsable):
        redeeming.find(gift.code, now=NOW)


def test_the_bank_asks_and_the_buyer_confirms(gateway):
    gift = gifts.bought(gateway, now=NOW, script=(authenticate(),))
    assert gift.status == GiftStatus.OPEN
    payment = buying.payment_of(gift)
    assert payment.status == Payment.Status.NEEDS_ACTION
    gateway.confirm(payment.gateway_id)
    assert buying.resume(gift.token, user=gift.buyer, now=NOW).status == GiftStatus.WAITING


def test_an_unknown_outcome_waits_and_is_not_abandoned(gateway):
    gift = gifts.bought(gateway, now=NOW, script=(lose_before(times=1),))
    assert gift.status == GiftStatus.OPEN
    clearing.abandon_due(now=NOW + timedelta(days=2))
    gift.refresh_from_db()
    assert gift.status == GiftStatus.OPEN


def test_one_left_alone_is_closed_after_a_day(gateway):
    gift = gifts.begin(now=NOW)
    assert sweeps.get("memberships.abandon").next_due(now=NOW) == NOW + timedelta(days=1)
    assert clearing.abandon_due(now=NOW + timedelta(hours=23)) == 0
    assert clearing.abandon_due(now=NOW + timedelta(days=1)) == 1
    gift.refresh_from_db()
    assert gift.status == GiftStatus.FAILED
    with pytest.raises(errors.NotOpen):
        buying.attach_setup(gift.token, user=gift.buyer, setup_id="seti_x")


def test_credit_pays_first(gateway):
    buyer = accounts.customer()
    credit.grant(buyer, money=Money(5000, "EUR"), key="t", reason="t", now=NOW, source_account=Account.REVENUE)
    gift = gifts.bought(gateway, now=NOW, buyer=buyer)
    assert gift.status == GiftStatus.WAITING
    assert credit.balance(buyer, "EUR") == Money(1400, "EUR")
    assert not Payment.objects.exists()
    refunding.refund(gift.pk, actor="staff@example.com", now=NOW)
    assert credit.balance(buyer, "EUR") == Money(5000, "EUR")
    assert Account.GIFTS not in balances()


@pytest.mark.parametrize("what", ["free", "length", "closed", "stranger", "not_given"])
def test_refusals_change_nothing(gateway, what):
    buyer, chosen, periods, error = accounts.customer(), make.price("grove"), 3, errors.UnknownPlan
    match what:
        case "free":
            chosen = make.price("seedling")
        case "length":
            periods = 2
        case "closed":
            chosen.closed_at, error = NOW, errors.ClosedPlan
            chosen.save()
        case "not_given":
            Plan.objects.update(gift_valid_days=0)
        case "stranger":
            gift = gifts.begin(now=NOW)
            with pytest.raises(errors.NotOpen):
                buying.attach_setup(gift.token, user=buyer, setup_id="seti_x")
            with pytest.raises(cards.SetupRefused):
                buying.complete(gift.token, user=gift.buyer, setup_id="seti_x", now=NOW)
            assert (Invoice.objects.count(), Gift.objects.get().setup_id) == (0, None)
            return
    with pytest.raises(error):
        buying.start(buyer, chosen.pk, periods=periods, recipient=buying.Recipient(name="Bea"), now=NOW, **gifts.TERMS)
    assert not Gift.objects.exists()


def test_staff_take_back_what_nobody_has_redeemed(gateway, client):
    gift = gifts.bought(gateway, now=NOW, email="bea@example.com", deliver_at=NOW + timedelta(days=300))
    staff = accounts.staff()
    client.force_login(staff)
    listed = reverse("admin:memberships_gift_changelist")
    page = client.get(listed).content.decode()
    assert "€36.00" in page
    assert gift.code not in page
    assert gift.code not in client.get(reverse("admin:memberships_gift_change", args=[gift.pk])).content.decode()
    client.post(listed, {"action": "refund", "_selected_action": [gift.pk]})
    gift.refresh_from_db()
    assert (gift.status, gift.closed_by) == (GiftStatus.REFUNDED, staff.email)
    assert Refund.objects.get().amount == Money(3600, "EUR")
    assert Message.objects.get(kind="gift-delivery").status == "cancelled"
    refunds.carry_out_due(now=gift.closed_at)
    assert balances() == {}
    with pytest.raises(errors.GiftNotUsable, match="taken back"):
        redeeming.find(gift.code, now=NOW)
    answer = client.post(listed, {"action": "refund", "_selected_action": [gift.pk]}, follow=True)
    assert "nobody has redeemed" in str(list(answer.context["messages"]))
    assert Refund.objects.count() == 1


def test_a_payment_that_went_back_by_hand_takes_the_gift_with_it(gateway):
    gift = gifts.bought(gateway, now=NOW)
    payment = gift.invoice.payments.get()
    refunds.request(payment.pk, amount=Money(100, "EUR"), key="by-hand", reason="t", now=NOW)
    with pytest.raises(errors.GiftNotUsable, match="taken back"):
        redeeming.redeem(gift.code, customer=accounts.customer(), shown="starts", now=NOW)
    with pytest.raises(refunds.CannotRefund):
        refunding.refund(gift.pk, actor="staff", now=NOW)
    gift.refresh_from_db()
    assert (gift.status, Refund.objects.count()) == (GiftStatus.WAITING, 1)


def test_it_lapses_on_its_date_and_becomes_revenue(gateway):
    gift = gifts.bought(gateway, now=NOW)
    assert sweeps.get("memberships.gifts").next_due(now=NOW) == gift.expires_at
    with pytest.raises(errors.GiftNotUsable, match="is over"):
        redeeming.find(gift.code, now=gift.expires_at)
    assert settling.lapse_due(now=gift.expires_at - timedelta(seconds=1)) == 0
    assert settling.lapse_due(now=gift.expires_at) == 1
    assert settling.lapse_due(now=gift.expires_at) == 0
    gift.refresh_from_db()
    assert gift.status == GiftStatus.LAPSED
    assert balances() == {Account.CASH: 3600, Account.REVENUE: -3600}


def test_a_withdrawn_invoice_closes_the_gift(gateway):
    gift = gifts.begin(now=NOW)
    card = billing.payer(gateway, now=NOW)
    gift.buyer = card
    gift.save()
    buying._bill(gift.pk, Profile.objects.get(user=card).default_card, now=NOW)
    invoices.void(Gift.objects.get().invoice_id, reason="test", now=NOW)
    assert Gift.objects.get().status == GiftStatus.FAILED


def test_the_database_backs_the_status(gateway):
    gift = Gift.objects.filter(pk=gifts.bought(gateway, now=NOW).pk)
    for columns in (
        {"status": "open"},
        {"status": "redeemed"},
        {"status": "redeemed", "closed_at": NOW, "redeemed_by": gift[0].buyer, "used_as": "credit"},
        {"status": "lapsed"},
        {"paid_at": None},
        {"expires_at": NOW},
        {"used_as": "starts"},
        {"amount_minor": 0},
        {"code": gifts.begin(now=NOW).code},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            gift.update(**columns)
