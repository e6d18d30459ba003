"""`manage.py setup_webhooks`, against the sandbox."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from djstripe.models import Account, APIKey, WebhookEndpoint
from djstripe.signals import WEBHOOK_SIGNALS

from apps.billing import webhooks


@pytest.fixture
def api(stripe_world, settings):
    """Stripe's services; the endpoints that a test made are removed."""
    settings.SITE_URL = "https://shop.example"
    yield stripe_world.gateway._api
    for there in stripe_world.gateway._api.webhook_endpoints.list({"limit": 100}).auto_paging_iter():
        stripe_world.gateway._api.webhook_endpoints.delete(there.id)


def run() -> str:
    out = StringIO()
    call_command("setup_webhooks", stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_it_makes_one_endpoint_and_is_safe_to_repeat(api, settings):
    count = f"{len(webhooks.EVENTS)} kinds of events"
    first = run()
    row = WebhookEndpoint.objects.get()
    assert first == f"Created the webhook endpoint {row.url} with {count}.\n"
    assert row.url == f"https://shop.example/stripe/webhook/{row.djstripe_uuid}/"
    assert row.secret.startswith("whsec_")
    assert (row.djstripe_validation_method, row.djstripe_tolerance) == ("verify_signature", 300)
    there = api.webhook_endpoints.list().data
    assert [(one.id, one.url) for one in there] == [(row.id, row.url)]
    assert sorted(there[0].enabled_events) == sorted(webhooks.EVENTS)
    assert APIKey.objects.get().secret == settings.STRIPE_SECRET_KEY
    assert row.djstripe_owner_account == Account.objects.get()

    assert run() == f"The webhook endpoint {row.url} is set up already, with {count}.\n"
    assert [one.id for one in api.webhook_endpoints.list().data] == [row.id]
    assert WebhookEndpoint.objects.get().secret == row.secret


@pytest.mark.django_db
def test_an_endpoint_with_other_events_is_updated_and_keeps_its_secret(api):
    run()
    row = WebhookEndpoint.objects.get()
    api.webhook_endpoints.update(row.id, {"enabled_events": ["*"], "disabled": True})
    assert run().startswith("Updated the webhook endpoint")
    there = api.webhook_endpoints.retrieve(row.id)
    assert (sorted(there.enabled_events), there.status) == (sorted(webhooks.EVENTS), "enabled")
    after = WebhookEndpoint.objects.get()
    assert (after.id, after.secret, sorted(after.enabled_events)) == (row.id, row.secret, sorted(webhooks.EVENTS))


@pytest.mark.django_db
def test_an_endpoint_whose_secret_we_do_not_know_is_replaced(api):
    run()
    lost = WebhookEndpoint.objects.get()
    WebhookEndpoint.objects.all().delete()
    assert run().startswith("Created the webhook endpoint")
    new = WebhookEndpoint.objects.get()
    assert new.id != lost.id
    assert [one.id for one in api.webhook_endpoints.list().data] == [new.id]


@pytest.mark.django_db
def test_a_row_without_its_endpoint_is_replaced_and_other_sites_are_left_alone(api):
    other = api.webhook_endpoints.create({"url": "https://else.example/stripe/webhook/1/", "enabled_events": ["*"]})
    run()
    lost = WebhookEndpoint.objects.get()
    api.webhook_endpoints.delete(lost.id)
    assert run().startswith("Created the webhook endpoint")
    assert WebhookEndpoint.objects.get().id != lost.id
    assert other.id in [one.id for one in api.webhook_endpoints.list().data]


@pytest.mark.django_db
def test_a_gateway_that_says_no_is_told_in_a_sentence(api, settings, unused_tcp_port):
    settings.SITE_URL = "nonsense"
    with pytest.raises(CommandError, match="Not a valid URL"):
        run()
    settings.SITE_URL = "https://shop.example"
    settings.STRIPE_SECRET_KEY = "sk_wrong_1"
    with pytest.raises(CommandError, match="refuses our key"):
        run()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{unused_tcp_port}"
    with pytest.raises(CommandError):
        run()
    assert WebhookEndpoint.objects.count() == 0


def test_there_are_few_events_and_dj_stripe_knows_them():
    assert set(webhooks.EVENTS) <= set(WEBHOOK_SIGNALS)
    assert len(webhooks.EVENTS) <= 14
