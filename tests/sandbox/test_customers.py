"""Customers and their payment methods."""

import pytest
import stripe


def test_a_customer_is_created_changed_and_found(api):
    customer = api.customers.create(
        {"email": "ada@example.com", "name": "Ada", "metadata": {"user": "7"}, "address": {"country": "IT"}}
    )
    api.customers.create({"email": "other@example.com"})
    assert customer.id.startswith("cus_")
    assert (customer.address.country, customer.address.city, customer.livemode) == ("IT", None, False)
    changed = api.customers.update(customer.id, {"email": "ada@new.example", "metadata": {"tier": "grove"}})
    assert changed.metadata.to_dict() == {"user": "7", "tier": "grove"}
    assert changed.name == "Ada"
    assert [row.id for row in api.customers.list({"email": "ada@new.example"}).data] == [customer.id]
    assert api.customers.list({"email": "ada@example.com"}).data == []


def test_a_deleted_customer_leaves_a_stub_and_no_cards(api, customer, saved):
    method = saved()
    assert api.customers.delete(customer.id).deleted is True
    assert api.customers.retrieve(customer.id).to_dict() == {
        "id": customer.id,
        "object": "customer",
        "deleted": True,
    }
    assert api.payment_methods.retrieve(method).customer is None
    assert api.customers.list({"email": "ada@example.com"}).data == []
    for call in (
        lambda: api.customers.update(customer.id, {"name": "Eve"}),
        lambda: api.payment_intents.create({"amount": 500, "currency": "eur", "customer": customer.id}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            call()
        assert refused.value.code == "resource_missing"


def test_methods_are_attached_listed_changed_and_detached(api, customer, saved):
    first, second = saved("pm_card_visa"), saved("pm_card_mastercard")
    listed = api.customers.payment_methods.list(customer.id, {"type": "card"})
    assert [row.id for row in listed.data] == [second, first]
    assert api.payment_methods.list({"customer": customer.id, "type": "sepa_debit"}).data == []
    changed = api.payment_methods.update(first, {"card": {"exp_month": 5, "exp_year": 2041}})
    assert (changed.card.exp_month, changed.card.exp_year, changed.card.last4) == (5, 2041, "4242")
    assert api.payment_methods.detach(first).customer is None
    assert [row.id for row in api.payment_methods.list({"customer": customer.id}).data] == [second]
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_methods.detach(first)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        api.payment_methods.attach(first, {"customer": customer.id})


def test_a_card_belongs_to_one_customer(api, saved):
    method = saved()
    other = api.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        api.payment_methods.attach(method, {"customer": other.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.customers.update(other.id, {"invoice_settings": {"default_payment_method": method}})
    assert refused.value.param == "invoice_settings[default_payment_method]"
    assert api.customers.retrieve(other.id).invoice_settings.default_payment_method is None


def test_the_default_method_is_set_expanded_and_cleared_by_detaching(api, customer, saved):
    method = saved()
    api.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method}})
    expanded = api.customers.retrieve(customer.id, {"expand": ["invoice_settings.default_payment_method", "sources"]})
    assert expanded.invoice_settings.default_payment_method.card.last4 == "4242"
    assert expanded.sources.data == []
    api.payment_methods.detach(method)
    assert api.customers.retrieve(customer.id).invoice_settings.default_payment_method is None


def test_the_account(api):
    account = api.accounts.retrieve_current()
    assert (account.object, account.charges_enabled) == ("account", True)
    assert api.accounts.retrieve(account.id).id == account.id
    with pytest.raises(stripe.PermissionError):
        api.accounts.retrieve("acct_other")
    assert api.prices.list().data == api.products.list().data == []
