"""Stripe's test cards behave as Stripe documents them, at set-up and when charged off session."""

import pytest
import stripe

DECLINED_AT_ONCE = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
]


@pytest.mark.parametrize(("alias", "code", "decline_code"), DECLINED_AT_ONCE)
def test_a_card_declined_at_set_up(api, customer, alias, code, decline_code):
    with pytest.raises(stripe.CardError) as refused:
        api.setup_intents.create(
            {"customer": customer.id, "payment_method": alias, "confirm": True, "payment_method_types": ["card"]}
        )
    error = refused.value.error
    assert (refused.value.http_status, error.type, error.code) == (402, "card_error", code)
    assert getattr(error, "decline_code", None) == decline_code
    assert error.setup_intent.status == "requires_payment_method"
    kept = api.setup_intents.retrieve(error.setup_intent.id)
    assert kept.last_setup_error.code == code
    assert kept.payment_method is None
    assert api.customers.payment_methods.list(customer.id).data == []


@pytest.mark.parametrize(("alias", "code", "decline_code"), DECLINED_AT_ONCE)
def test_a_card_declined_at_a_charge(api, alias, code, decline_code):
    with pytest.raises(stripe.CardError) as refused:
        api.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "payment_method": alias,
                "confirm": True,
                "payment_method_types": ["card"],
            }
        )
    error = refused.value.error
    assert (error.code, getattr(error, "decline_code", None)) == (code, decline_code)
    kept = api.payment_intents.retrieve(error.payment_intent.id)
    assert (kept.status, kept.payment_method, kept.amount_received) == ("requires_payment_method", None, 0)
    assert kept.last_payment_error.charge == kept.latest_charge == error.charge
    charge = api.charges.retrieve(kept.latest_charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert charge.balance_transaction is None


@pytest.mark.parametrize(
    ("alias", "brand", "last4"), [("pm_card_visa", "visa", "4242"), ("pm_card_mastercard", "mastercard", "4444")]
)
def test_a_good_card(api, set_up, pay, alias, brand, last4):
    method = set_up(alias)
    intent = pay(method, expand=["latest_charge.balance_transaction", "payment_method"])
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 1990, "eur")
    assert (intent.payment_method.card.brand, intent.payment_method.card.last4) == (brand, last4)
    charge = intent.latest_charge
    assert (charge.status, charge.captured, charge.amount) == ("succeeded", True, 1990)
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (55, 1935)


def test_fingerprints_follow_the_number(set_up, api):
    prints = [
        api.payment_methods.retrieve(set_up(alias)).card.fingerprint
        for alias in ("pm_card_visa", "pm_card_visa", "pm_card_mastercard")
    ]
    assert prints[0] == prints[1] != prints[2]


def test_3155_once_set_up_pays_off_session(set_up, saved, pay):
    assert pay(set_up("pm_card_authenticationRequiredOnSetup")).status == "succeeded"
    with pytest.raises(stripe.CardError) as refused:
        pay(saved("pm_card_authenticationRequiredOnSetup"))
    assert refused.value.code == "authentication_required"


def test_3184_always_needs_the_customer(api, set_up, pay, sandbox):
    method = set_up("pm_card_authenticationRequired")
    with pytest.raises(stripe.CardError) as refused:
        pay(method)
    error = refused.value.error
    assert (refused.value.http_status, error.code, error.decline_code) == (
        402,
        "authentication_required",
        "authentication_required",
    )
    assert error.payment_intent.status == "requires_payment_method"
    assert error.payment_intent.last_payment_error.payment_method.id == method

    waiting = api.payment_intents.confirm(error.payment_intent.id, {"payment_method": method})
    assert (waiting.status, waiting.next_action.type) == ("requires_action", "use_stripe_sdk")
    paid = sandbox.control("POST", "authenticate", {"intent": waiting.id, "outcome": "succeed"})
    assert (paid["status"], paid["amount_received"]) == ("succeeded", 1990)
    charge = api.charges.retrieve(paid["latest_charge"])
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_a_failed_challenge_takes_no_money(set_up, pay, sandbox, api):
    waiting = pay(set_up("pm_card_authenticationRequired"), off_session=False)
    failed = sandbox.control("POST", "authenticate", {"intent": waiting.id, "outcome": "fail"})
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert api.charges.list({"payment_intent": waiting.id}).data == []


def test_3178_is_saved_but_has_no_money(set_up, pay):
    method = set_up("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")
    with pytest.raises(stripe.CardError) as refused:
        pay(method)
    assert (refused.value.code, refused.value.error.decline_code) == ("card_declined", "insufficient_funds")


def test_0341_is_saved_and_declined_later(saved, pay):
    with pytest.raises(stripe.CardError) as refused:
        pay(saved("pm_card_chargeCustomerFail"))
    assert refused.value.error.decline_code == "generic_decline"


def test_a_return_address_from_a_server_makes_a_redirect(api, set_up, pay):
    waiting = pay(set_up("pm_card_authenticationRequired"), off_session=False, return_url="https://shop.example/back")
    assert waiting.next_action.type == "redirect_to_url"
    assert waiting.next_action.redirect_to_url.return_url == "https://shop.example/back"


def test_real_and_mistyped_numbers_are_declined(browser_api):
    def create(number: str) -> stripe.PaymentMethod:
        card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
        return browser_api.payment_methods.create({"type": "card", "card": card})

    assert create("4242 4242 4242 4242").card.last4 == "4242"
    with pytest.raises(stripe.CardError) as refused:
        create("4539578763621486")
    assert refused.value.error.decline_code == "test_mode_live_card"
    with pytest.raises(stripe.CardError) as refused:
        create("4242424242424241")
    assert (refused.value.code, refused.value.param) == ("incorrect_number", "number")


@pytest.mark.parametrize(
    ("month", "year", "code"), [(13, 2040, "invalid_expiry_month"), (12, 2020, "invalid_expiry_year")]
)
def test_an_impossible_expiry_is_refused(browser_api, month, year, code):
    with pytest.raises(stripe.CardError) as refused:
        browser_api.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424242", "exp_month": month, "exp_year": year}}
        )
    assert refused.value.code == code


def test_a_server_may_not_send_card_numbers(api):
    with pytest.raises(stripe.StripeError) as refused:
        api.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2040}}
        )
    assert refused.value.http_status == 402
    assert "generally unsafe" in str(refused.value)
