"""A shop that listens: a web server over the test's own database, and the sandbox's endpoint that leads to it."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from django.conf import settings
from django.core.management import call_command
from django.test.testcases import LiveServerThread, _StaticFilesHandler
from djstripe.models import WebhookEndpoint

from .worlds import Sandbox


class Shop:
    """The endpoint from the outside."""

    def __init__(self, url: str, sandbox: Sandbox) -> None:
        self.url = url
        self.sandbox = sandbox

    @property
    def endpoint(self) -> WebhookEndpoint:
        return WebhookEndpoint.objects.get()

    def deliver(self) -> dict:
        """Let the sandbox send every event it holds back, once. What came of it."""
        return self.sandbox.control("POST", "/webhooks/flush")

    def post(self, event: dict, *, secret: str = "", age: int = 0, signature: str | None = None, url: str = "") -> int:
        """Send an event by hand, signed by Stripe's own library; the status of the answer."""
        body = json.dumps(event)
        stamp = int(time.time()) - age
        digest = stripe.WebhookSignature._compute_signature(f"{stamp}.{body}", secret or self.endpoint.secret)
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={stamp},v1={digest}"}
        if signature is not None:
            headers["Stripe-Signature"] = signature
        if signature == "":
            del headers["Stripe-Signature"]
        request = urllib.request.Request(url or self.endpoint.url, data=body.encode(), headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@contextmanager
def listening(sandbox: Sandbox) -> Iterator[Shop]:
    """A running web server whose endpoint is set up; deliveries wait until they are asked for."""
    server = LiveServerThread("127.0.0.1", _StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    url = f"http://127.0.0.1:{server.port}"
    settings.SITE_URL = url
    sandbox.control("POST", "/webhooks", {"paused": True})
    try:
        call_command("setup_webhooks", verbosity=0)
        yield Shop(url, sandbox)
    finally:
        sandbox.control("POST", "/webhooks", {"drop": 1})
        for endpoint in WebhookEndpoint.objects.all():
            stripe.WebhookEndpoint.delete(endpoint.id, api_key=settings.STRIPE_SECRET_KEY)
        server.terminate()
