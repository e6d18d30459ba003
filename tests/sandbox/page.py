"""A shop's page in miniature: card entry under a strict Content-Security-Policy."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card</title>
<script src="{sandbox}/v3/"></script><script src="/page.js" defer></script></head>
<body data-key="{key}"><main><h1>Your card</h1><div id="card"></div>
<button id="save">Save</button><button id="pay">Pay</button><p id="outcome" role="status"></p></main></body></html>"""

SCRIPT = """
const query = new URLSearchParams(location.search);
const stripe = Stripe(document.body.dataset.key);
const outcome = document.getElementById("outcome");
window.violations = [];
window.changes = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
const show = (result) => {
  const intent = result.setupIntent || result.paymentIntent;
  outcome.textContent = result.error
    ? ["error", result.error.type, result.error.code, result.error.decline_code].join(" ")
    : [intent.status, intent.payment_method].join(" ");
};
const elements = stripe.elements({clientSecret: query.get("secret"), locale: query.get("locale") || "en"});
const element = elements.create("payment");
element.on("ready", () => document.body.dataset.ready = "yes");
element.on("change", (event) => changes.push([event.complete, event.empty]));
element.mount("#card");
const confirmParams = {return_url: location.origin + "/done"};
document.getElementById("save").onclick = async () =>
  show(await stripe.confirmSetup({elements, confirmParams, redirect: query.get("redirect") || "if_required"}));
document.getElementById("pay").onclick = async () => show(await stripe.confirmPayment({
  clientSecret: query.get("secret"),
  confirmParams: {...confirmParams, payment_method: query.get("method")},
  redirect: "if_required",
}));
"""


@contextmanager
def served(sandbox: str, key: str) -> Iterator[str]:
    """The address of the page while it is served."""
    policy = (
        f"default-src 'none'; script-src 'self' {sandbox}; style-src 'self'; frame-src {sandbox};"
        f" connect-src {sandbox}; base-uri 'none'; form-action 'none'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = self.path == "/page.js"
            body = (SCRIPT if script else HTML.format(sandbox=sandbox, key=key)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Says nothing: the test's output is not the place for an access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
