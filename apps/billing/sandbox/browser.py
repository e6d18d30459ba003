"""What the customer's browser loads: the script at /v3/, the card frame and the 3-D Secure page."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "static"
# The frames hold card numbers: they load nothing from elsewhere and run nothing inline.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'"
)
FILES = {
    "/v3/frame/card": "card.html",
    "/v3/frame/card.js": "card.js",
    "/v3/frame/fields.js": "fields.js",
    "/v3/frame/words.js": "words.js",
    "/v3/frame/style.css": "style.css",
    "/v3/3ds": "challenge.html",
    "/v3/frame/challenge.js": "challenge.js",
}


# The parts of the script at /v3/. They share one closure, so that only Stripe becomes a global name.
SCRIPT = ("frame.js", "elements.js", "stripe.js")
HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "access-control-allow-origin": "*",
}


def routes() -> list[Route]:
    """The Starlette routes of the browser files."""
    scripts = [Route(path, _script, methods=["GET"]) for path in ("/v3", "/v3/")]
    return scripts + [Route(path, _file, methods=["GET"]) for path in FILES]


async def _script(_request: Request) -> Response:
    parts = "\n".join((STATIC / "script" / name).read_text() for name in SCRIPT)
    return PlainTextResponse(
        f'(() => {{\n"use strict";\n{parts}\n}})();\n', media_type="text/javascript", headers=HEADERS
    )


async def _file(request: Request) -> Response:
    return FileResponse(STATIC / FILES[request.url.path], headers=HEADERS)
