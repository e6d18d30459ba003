"""What customers are told."""

from datetime import timedelta

import pytest
from django.core import signing

from apps.billing import collection, credit, dunning, refunds
from apps.billing.gateway import behaviours as cards
from apps.billing.models import Invoice
from apps.core.money import Money
from apps.mail.models import Message
from tests.factories import billing
from tests.factories.accounts import customer

pytestmark = pytest.mark.django_db


def test_the_receipt_shows_lines_tax_number_and_how_to_cancel(gateway, now):
    user = billing.payer(gateway, now=now, name="Anna Rossi")
    credit.grant(user, money=Money(400, "EUR"), key="a", reason="", now=now, source_account="points_liability")
    billing.invoice(user, now=now)
    collection.collect_due(now=now)
    receipt = Message.objects.get(kind="receipt")
    assert receipt.key == f"receipt:{Invoice.objects.get().pk}"
    assert receipt.subject == "Receipt OR-000001: €29.00"
    for body in (receipt.text, receipt.html):
        for part in ("Anna", "Grove membership", "€29.00", "€23.77", "€5.23", "€4.00", "€25.00", "Visa •••• 4242"):
            assert part in body
        assert "/account/invoices/OR-000001/" in body
        assert "/account/membership/cancel/" in body


def test_a_receipt_speaks_the_customers_language(gateway, now):
    billing.payer(gateway, now=now)
    user = billing.payer(gateway, now=now, locale="it")
    billing.invoice(user, now=now)
    collection.collect_due(now=now)
    receipt = Message.objects.get(kind="receipt")
    assert receipt.locale == "it"
    assert "29,00\xa0€" in receipt.text


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (cards.decline("insufficient_funds"), "we will try again on 11 March 2026"),
        (cards.decline("lost_card", hard=True), "Please pay with another card"),
        (cards.authenticate(), "Your bank wants you to confirm"),
    ],
)
def test_a_failure_says_what_to_do_and_links_to_the_page_that_does_it(gateway, now, script, says):
    user = billing.payer(gateway, script=(script,), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    mail = Message.objects.get(kind="payment-failed")
    for body in (mail.text, mail.html):
        assert says in body
        assert "€29.00" in body
        assert f"/account/pay/{invoice.pay_token}/" in body
    assert Invoice.objects.by_pay_token(invoice.pay_token) == invoice


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token + "x",
        lambda token: signing.Signer(salt="another").sign(token.partition(":")[0]),
        lambda token: "",
    ],
)
def test_a_forged_pay_link_opens_nothing(gateway, now, forge):
    invoice = billing.invoice(billing.payer(gateway, now=now), now=now)
    with pytest.raises(Invoice.DoesNotExist):
        Invoice.objects.by_pay_token(forge(invoice.pay_token))


def test_without_a_card_the_mail_asks_for_one(gateway, now):
    billing.invoice(customer(), now=now)
    collection.collect_due(now=now)
    assert "There is no card on your account" in Message.objects.get(kind="payment-failed").text


def test_reminder_final_notice_and_recovery(gateway, now):
    user = billing.payer(gateway, script=(cards.decline("lost_card", hard=True),), now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    for day in (1, 3, 5, 6, 7, 7):
        dunning.advance_due(now=now + timedelta(days=day))
    reminder = Message.objects.filter(kind="payment-retry-reminder").first()
    assert "needs a card that your bank allows" in reminder.text
    notice = Message.objects.get(kind="final-notice")
    assert notice.subject == "Your membership ends on 20 March 2026"
    good = billing.add_card(gateway, user, now=now)
    collection.retry_with_card(invoice.pk, card_id=good.pk, on_session=True, now=now + timedelta(days=8))
    assert "OR-000001 of €29.00 is paid" in Message.objects.get(kind="payment-recovered").text


def test_a_refund_says_how_much_where_to_and_when(gateway, now):
    user = billing.payer(gateway, now=now)
    invoice = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    payment = billing.payment_of(invoice)
    refunds.request(payment.pk, amount=Money(1000, "EUR"), key="a", reason="Withdrawn", now=now)
    assert not Message.objects.filter(kind="refund-sent").exists()
    refunds.carry_out_due(now=now)
    mail = Message.objects.get(kind="refund-sent")
    for part in ("€10.00", "Visa •••• 4242", "20 March 2026"):
        assert part in mail.text
