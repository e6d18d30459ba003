"""A webhook receiver for tests: keeps what arrives and answers as told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe


@dataclass
class Receiver:
    """``refuse``: how many of the next requests are answered with 500."""

    url: str = ""
    refuse: int = 0
    received: list[tuple[bytes, str]] = field(default_factory=list)
    secret: str = ""

    def events(self) -> list[stripe.Event]:
        """What arrived, each with its signature verified by Stripe's own library."""
        return [stripe.Webhook.construct_event(body, header, self.secret) for body, header in self.received]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]


@contextmanager
def running() -> Iterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((body, self.headers["Stripe-Signature"]))
            refused = receiver.refuse > 0
            receiver.refuse -= refused
            self.send_response(500 if refused else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Says nothing: the test's output is not the place for an access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield receiver
    server.shutdown()
