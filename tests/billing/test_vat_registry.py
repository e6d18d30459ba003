"""The registry of VAT numbers: the real adapter over HTTP against a server of the test's own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.billing import vat_registry
from apps.billing.vat_registry import Invalid, Unavailable, Valid
from apps.billing.vat_registry.scripted import NEVER_ANSWERS, NOT_REGISTERED, Scripted
from apps.billing.vat_registry.vies import Vies

NUMBER = "DE136695976"
REQUESTER = "IT00743110157"
REGISTERED = {
    "countryCode": "DE",
    "vatNumber": "136695976",
    "requestDate": "2026-03-10T09:30:00.000Z",
    "valid": True,
    "requestIdentifier": "WAPIAAAAZNgfuVoL",
    "name": "ZITRUS GMBH",
    "address": "HAFENSTR. 1\n20359 HAMBURG\n",
}


class Registry:
    """A VIES of the test's own: what it will answer, and what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes = b""
        self.asked: list[dict] = []
        self.released = threading.Event()
        self.released.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append({"path": self.path, **json.loads(sent)})
                outer.released.wait(30)
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *args) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/rest-api/check-vat-number"

    def answers(self, body: object, *, status: int = 200) -> None:
        self.status, self.body = status, json.dumps(body).encode()


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.released.set()
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def ask(registry: Registry, *, requester: str = "", timeout: float = 5):
    return Vies(url=registry.url, timeout=timeout).check(NUMBER, requester=requester)


def test_a_registered_number_with_its_proof(registry):
    registry.answers(REGISTERED)
    assert ask(registry, requester=REQUESTER) == Valid("ZITRUS GMBH", "HAFENSTR. 1\n20359 HAMBURG", "WAPIAAAAZNgfuVoL")
    assert registry.asked == [
        {
            "path": "/rest-api/check-vat-number",
            "countryCode": "DE",
            "vatNumber": "136695976",
            "requesterMemberStateCode": "IT",
            "requesterNumber": "00743110157",
        }
    ]


def test_without_a_requester_there_is_no_proof_and_germany_tells_no_names(registry):
    registry.answers({**REGISTERED, "name": "---", "address": "---", "requestIdentifier": ""})
    assert ask(registry) == Valid("", "", "")
    assert set(registry.asked[0]) == {"path", "countryCode", "vatNumber"}


def test_a_number_that_is_not_registered(registry):
    registry.answers({**REGISTERED, "valid": False, "name": "---", "address": "---"})
    assert ask(registry) == Invalid("WAPIAAAAZNgfuVoL")
    registry.answers({"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}]})
    assert ask(registry) == Invalid("")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (200, {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}, "MS_UNAVAILABLE"),
        (200, {"errorWrappers": [{"error": "MS_MAX_CONCURRENT_REQ"}], "valid": True}, "MS_MAX_CONCURRENT_REQ"),
        (400, {"errorWrappers": [{"error": "INVALID_REQUESTER_INFO"}]}, "INVALID_REQUESTER_INFO"),
        (200, {"errorWrappers": [{}]}, "an unnamed error"),
        (200, {}, "HTTP 200 with an unknown answer"),
        (200, {"valid": "true"}, "HTTP 200 with an unknown answer"),
        (200, {"valid": None}, "HTTP 200 with an unknown answer"),
        (200, [True], "HTTP 200 with an unknown answer"),
        (500, REGISTERED, "HTTP 500 with an unknown answer"),
        (503, {"valid": False}, "HTTP 503 with an unknown answer"),
    ],
)
def test_anything_but_a_plain_answer_proves_nothing(registry, status, body, reason):
    registry.answers(body, status=status)
    assert ask(registry) == Unavailable(reason)


def test_a_page_instead_of_an_answer(registry):
    registry.status, registry.body = 200, b"<html>Maintenance</html>"
    assert ask(registry) == Unavailable("HTTP 200 without JSON")


def test_nobody_answers_in_time(registry):
    registry.answers(REGISTERED)
    registry.released.clear()
    assert ask(registry, timeout=0.2) == Unavailable("ReadTimeout")


def test_nobody_is_there(registry):
    unused = Vies(url="http://127.0.0.1:1/", timeout=5)
    assert unused.check(NUMBER, requester="") == Unavailable("ConnectionError")


def test_the_settings_choose_the_registry(registry, settings):
    registry.answers(REGISTERED)
    settings.VAT_REGISTRY, settings.VIES_URL, settings.VIES_TIMEOUT_SECONDS = "vies", registry.url, 5
    assert isinstance(vat_registry.get().check(NUMBER, requester=""), Valid)
    settings.VAT_REGISTRY = "scripted"
    assert vat_registry.get().check(NOT_REGISTERED, requester="") == Invalid("SCRIPTED-NO")
    assert vat_registry.get().check(NEVER_ANSWERS, requester="") == Unavailable("MS_UNAVAILABLE")
    settings.VAT_REGISTRY = "oracle"
    with pytest.raises(ImproperlyConfigured, match="oracle"):
        vat_registry.get()
    with vat_registry.using(Scripted({NUMBER: Invalid()})) as mine:
        assert vat_registry.get().check(NUMBER, requester=REQUESTER) == Invalid()
        assert mine.asked == [(NUMBER, REQUESTER)]
