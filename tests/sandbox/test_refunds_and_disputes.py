"""Money that goes back: refunds and disputes."""

import pytest
import stripe


def refused(call, *args) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as error:
        call(*args)
    return error.value


def test_a_charge_is_refunded_in_parts_but_never_beyond(api, pay, saved):
    intent = pay(saved())
    first = api.refunds.create({"payment_intent": intent.id, "amount": 990, "reason": "requested_by_customer"})
    assert (first.status, first.amount, first.charge) == ("succeeded", 990, intent.latest_charge)
    charge = api.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (990, False)
    over = refused(api.refunds.create, {"charge": charge.id, "amount": 1001})
    assert (over.http_status, over.param) == (400, "amount")
    assert "greater than unrefunded amount" in str(over)
    rest = api.refunds.create({"charge": charge.id})
    assert rest.amount == 1000
    charge = api.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (1990, True)
    assert [row.id for row in charge.refunds.data] == [rest.id, first.id]
    assert refused(api.refunds.create, {"charge": charge.id}).code == "charge_already_refunded"
    assert [row.amount for row in api.refunds.list({"payment_intent": intent.id}).data] == [1000, 990]
    booked = api.balance_transactions.retrieve(first.balance_transaction)
    assert (booked.amount, booked.net, booked.type, booked.source) == (-990, -990, "refund", first.id)


def test_what_was_not_paid_cannot_be_refunded(api, saved, pay):
    with pytest.raises(stripe.CardError) as declined:
        pay(saved("pm_card_chargeCustomerFail"))
    intent = declined.value.error.payment_intent
    assert refused(api.refunds.create, {"payment_intent": intent.id}).http_status == 400
    assert refused(api.refunds.create, {"charge": intent.latest_charge}).http_status == 400
    assert refused(api.refunds.create, {}).code == "parameter_missing"
    assert api.refunds.list().data == []


def test_a_refund_can_fail_later(api, pay, saved, sandbox):
    intent = pay(saved())
    refund = api.refunds.create({"payment_intent": intent.id})
    failed = sandbox.control("POST", f"refunds/{refund.id}/fail")
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    charge = api.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert api.events.list({"type": "refund.failed"}).data[0].data.object.id == refund.id


@pytest.mark.parametrize(("status", "net"), [("won", -2000), ("lost", -3990)])
def test_a_dispute_takes_the_money_and_winning_gives_it_back(api, pay, saved, sandbox, status, net):
    intent = pay(saved())
    opened = sandbox.control("POST", "disputes", {"charge": intent.latest_charge, "reason": "product_not_received"})
    dispute = api.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.amount, dispute.payment_intent) == ("needs_response", 1990, intent.id)
    assert api.charges.retrieve(intent.latest_charge).disputed is True
    assert refused(api.refunds.create, {"payment_intent": intent.id}).code == "charge_disputed"
    sandbox.control("POST", f"disputes/{dispute.id}/close", {"status": status})
    closed = api.disputes.retrieve(dispute.id)
    assert closed.status == status
    assert sum(row.net for row in closed.balance_transactions) == net
    assert [row.id for row in api.disputes.list({"charge": intent.latest_charge}).data] == [dispute.id]
    assert len(api.events.list({"type": "charge.dispute.closed"}).data) == 1


def test_evidence_is_sent_to_the_bank_once(api, pay, saved, sandbox):
    intent = pay(saved())
    name = sandbox.control("POST", "disputes", {"charge": intent.latest_charge})["id"]
    draft = api.disputes.update(name, {"evidence": {"uncategorized_text": "a"}, "submit": False})
    assert (draft.status, draft.evidence_details.submission_count) == ("needs_response", 0)
    sent = api.disputes.update(name, {"evidence": {"customer_name": "Ada"}, "submit": True})
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert (sent.evidence.uncategorized_text, sent.evidence.customer_name) == ("a", "Ada")
    assert refused(api.disputes.update, name, {"evidence": {"customer_name": "Bob"}}).http_status == 400
    assert refused(api.disputes.close, name).http_status == 400
    assert refused(api.disputes.update, name, {"evidence": {"colour": "red"}}).code == "parameter_unknown"
    assert api.disputes.retrieve(name).evidence.customer_name == "Ada"
    sandbox.control("POST", f"disputes/{name}/close", {"status": "won"})
    assert api.disputes.retrieve(name).status == "won"


def test_the_merchant_may_give_in(api, pay, saved, sandbox):
    intent = pay(saved())
    name = sandbox.control("POST", "disputes", {"charge": intent.latest_charge})["id"]
    assert api.disputes.close(name).status == "lost"
    assert api.events.list({"type": "charge.dispute.closed"}).data[0].data.object.id == name


def test_the_dispute_card_disputes_itself(api, pay, saved):
    intent = pay(saved("pm_card_createDispute"))
    (dispute,) = api.disputes.list({"payment_intent": intent.id}).data
    assert (dispute.reason, dispute.charge) == ("fraudulent", intent.latest_charge)
