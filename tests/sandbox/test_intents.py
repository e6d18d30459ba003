"""The life of payment and setup intents: states, permissions and changes."""

import pytest
import stripe


def refusal(call, *args, **kwargs) -> stripe.InvalidRequestError:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        call(*args, **kwargs)
    return refused.value


def test_an_intent_waits_for_a_method_then_for_confirmation(api, customer, saved):
    intent = api.payment_intents.create({"amount": 700, "currency": "EUR", "customer": customer.id})
    assert (intent.status, intent.currency, intent.client_secret.split("_secret_")[0]) == (
        "requires_payment_method",
        "eur",
        intent.id,
    )
    assert refusal(api.payment_intents.confirm, intent.id).code == "payment_intent_unexpected_state"
    intent = api.payment_intents.update(intent.id, {"payment_method": saved(), "metadata": {"a": "1", "b": "2"}})
    assert intent.status == "requires_confirmation"
    intent = api.payment_intents.update(intent.id, {"amount": 800, "metadata": {"a": ""}})
    assert (intent.amount, intent.metadata.to_dict()) == (800, {"b": "2"})
    paid = api.payment_intents.confirm(intent.id, {"return_url": "https://shop.example/"})
    assert (paid.status, paid.amount_received) == ("succeeded", 800)
    again = refusal(api.payment_intents.confirm, intent.id)
    assert again.code == "payment_intent_unexpected_state"
    assert again.error.payment_intent.status == "succeeded"
    assert len(api.charges.list({"payment_intent": intent.id}).data) == 1


def test_automatic_methods_with_redirects_need_a_return_address(api, customer, saved):
    params = {"amount": 700, "currency": "eur", "customer": customer.id, "payment_method": saved(), "confirm": True}
    refused = refusal(api.payment_intents.create, params)
    assert "return_url" in str(refused)
    assert api.payment_intents.list().data == []
    paid = api.payment_intents.create(
        {**params, "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )
    assert paid.status == "succeeded"


def test_a_cancelled_intent_stays_cancelled(api, customer, saved):
    intent = api.payment_intents.create({"amount": 700, "currency": "eur", "customer": customer.id})
    cancelled = api.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert cancelled.canceled_at >= cancelled.created
    assert refusal(api.payment_intents.cancel, intent.id).code == "payment_intent_unexpected_state"
    assert refusal(api.payment_intents.confirm, intent.id).code == "payment_intent_unexpected_state"
    assert refusal(api.payment_intents.update, intent.id, {"amount": 900}).code == "payment_intent_unexpected_state"
    assert api.payment_intents.retrieve(intent.id).amount == 700


def test_amounts_and_currencies_are_checked(api):
    def error(amount: object, currency: str) -> tuple[str | None, str | None]:
        refused = refusal(api.payment_intents.create, {"amount": amount, "currency": currency})
        return refused.code, refused.param

    assert error(49, "eur") == ("amount_too_small", "amount")
    assert error(199, "ron") == ("amount_too_small", "amount")
    assert error(0, "eur") == ("parameter_invalid_integer", "amount")
    assert error("12.5", "eur") == ("parameter_invalid_integer", "amount")
    assert error(100_000_000, "eur") == ("amount_too_large", "amount")
    assert error(500, "xyz") == (None, "currency")
    assert api.payment_intents.list().data == []


def test_a_card_is_only_charged_for_its_owner(api, saved, customer):
    method = saved()
    other = api.customers.create({"email": "eve@example.com"})
    params = {
        "amount": 700,
        "currency": "eur",
        "payment_method": method,
        "confirm": True,
        "payment_method_types": ["card"],
    }
    assert refusal(api.payment_intents.create, {**params, "customer": other.id}).param == "payment_method"
    assert refusal(api.payment_intents.create, params).param == "payment_method"
    api.payment_methods.detach(method)
    gone = refusal(api.payment_intents.create, {**params, "customer": customer.id})
    assert "It may not be used again" in str(gone)
    assert api.charges.list().data == []


def test_future_usage_saves_the_card_for_renewals(api, customer, pay):
    intent = pay("pm_card_visa", off_session=False, setup_future_usage="off_session")
    assert api.payment_methods.retrieve(intent.payment_method).customer == customer.id
    assert pay(intent.payment_method).status == "succeeded"


def test_a_setup_intent_saves_a_card(api, customer):
    intent = api.setup_intents.create({"customer": customer.id, "metadata": {"for": "account"}})
    assert (intent.status, intent.usage) == ("requires_payment_method", "off_session")
    done = api.setup_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": "https://s.example/"})
    assert done.status == "succeeded"
    assert [row.id for row in api.customers.payment_methods.list(customer.id).data] == [done.payment_method]
    assert refusal(api.setup_intents.cancel, intent.id).code == "setup_intent_unexpected_state"


def test_a_browser_sees_only_the_intent_whose_secret_it_has(api, browser_api, customer):
    intent = api.setup_intents.create({"customer": customer.id, "metadata": {"secret": "note"}})
    other = api.setup_intents.create({})
    seen = browser_api.setup_intents.retrieve(intent.id, {"client_secret": intent.client_secret})
    assert seen.status == "requires_payment_method"
    assert not {"metadata", "customer"} & set(seen.to_dict())
    wrong = refusal(browser_api.setup_intents.retrieve, intent.id, {"client_secret": other.client_secret})
    assert (wrong.code, wrong.param) == ("setup_intent_invalid_parameter", "client_secret")
    with pytest.raises(stripe.AuthenticationError):
        browser_api.customers.retrieve(customer.id)
    with pytest.raises(stripe.AuthenticationError):
        browser_api.refunds.create({"charge": "ch_1"})
    assert api.setup_intents.retrieve(intent.id).status == "requires_payment_method"


def test_search_by_metadata(api, pay, saved, sandbox):
    method = saved()
    first, second = (pay(method, metadata={"payment": str(number), "batch": "a"}) for number in (1, 2))
    search = api.payment_intents.search
    assert [row.id for row in search({"query": "metadata['payment']:'2'"}).data] == [second.id]
    assert [row.id for row in search({"query": 'metadata["batch"]:"a" AND status:"succeeded"'}).data] == [
        second.id,
        first.id,
    ]
    assert search({"query": "metadata['payment']:'3'"}).data == []
    assert search({"query": "metadata['batch']:'a' -metadata['payment']:'2'"}).data[0].id == first.id
    page = search({"query": "amount>1000", "limit": 1})
    assert (page.data[0].id, page.has_more) == (second.id, True)
    assert [row.id for row in page.auto_paging_iter()] == [second.id, first.id]
    assert refusal(search, {"query": "colour:'red'"}).param == "query"
    assert refusal(search, {"query": "status'x"}).param == "query"
    sandbox.control("POST", "settings", {"search_delay": 60})
    assert search({"query": "metadata['payment']:'2'"}).data == []
