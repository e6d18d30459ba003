"""The /v1 API as a plain ASGI application: authentication, faults, idempotency, dispatch, errors, request log."""

import asyncio
import contextlib
import json
import logging
import re
import time
from typing import Any

from . import access, endpoints, expand, ids, params
from .call import Call
from .errors import StripeError, rate_limited, server_error, unrecognised_url
from .faults import Plan
from .state import Sandbox

logger = logging.getLogger("sandbox")
VERSION = re.compile(r"\d{4}-\d\d-\d\d(\.[a-z]+)?")
MAX_BODY = 1 << 20


def dumps(value: dict[str, Any]) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))


class HangUpError(Exception):
    """The connection is to be closed without an answer."""


class Api:
    """Answers /v1 requests. Everything between two awaits is one atomic step."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        started, at = time.perf_counter(), time.time()
        body = await _read(receive)
        request = access.Request.read(scope, body)
        request_id = ids.new("request")
        entry = {
            "id": request_id,
            "at": at,
            "method": request.method,
            "path": request.path,
            "idempotency_key": request.idempotency_key,
            "status": None,
            "replayed": False,
            "ms": 0.0,
        }
        self.sandbox.requests.append(entry)
        headers = {"request-id": request_id}
        try:
            status, text = await self._answer(request, request_id, headers)
        except HangUpError:
            entry["ms"] = _since(started)
            await _hang_up(scope, receive)
            return
        entry["status"] = status
        entry["replayed"] = "idempotent-replayed" in headers
        entry["ms"] = _since(started)
        await _send(send, status, text, headers)

    async def _answer(self, request: access.Request, request_id: str, headers: dict[str, str]) -> tuple[int, str]:
        """Status and JSON of one request, or its fault; may add headers. Raises HangUpError."""
        plan = self.sandbox.faults.plan(request.method, request.path)
        if plan.kind == "drop_before":
            await asyncio.sleep(plan.seconds)
            raise HangUpError
        try:
            access.authenticate(request)
            headers["stripe-version"] = request.version
            if not VERSION.fullmatch(request.version):
                raise StripeError(f"Invalid Stripe API version: {request.version}.", executed=False)
            if plan.kind == "rate_limit_429":
                headers["stripe-rate-limited-reason"] = "global-rate"
                raise rate_limited()
            if request.method == "POST" and request.idempotency_key:
                status, text = await self._once(request, request_id, headers, plan)
            else:
                status, text, _executed = await self._perform(request, request_id, plan)
        except StripeError as error:
            status, text = error.status, dumps(error.body())
        if plan.kind == "drop_after":
            raise HangUpError
        return status, text

    async def _once(
        self, request: access.Request, request_id: str, headers: dict[str, str], plan: Plan
    ) -> tuple[int, str]:
        """The answer kept under the request's idempotency key, or a new one, which is then kept."""
        keys, key = self.sandbox.keys, request.idempotency_key or ""
        headers["idempotency-key"] = key
        kept = keys.begin(key, path=request.path, body=request.body)
        if kept:
            status, text, first = kept
            headers |= {"idempotent-replayed": "true", "original-request": first}
            return status, text
        headers["original-request"] = request_id
        status, text, executed = await self._perform(request, request_id, plan)
        if executed:
            keys.finish(key, status=status, answer=text, request_id=request_id)
        else:
            keys.abandon(key)
        return status, text

    async def _perform(self, request: access.Request, request_id: str, plan: Plan) -> tuple[int, str, bool]:
        """Does the work: status, JSON, and whether the endpoint began. Raises nothing, so that no key stays taken."""
        if plan.seconds:
            await asyncio.sleep(plan.seconds)
        try:
            if plan.kind == "error_500":
                if plan.performed:
                    with contextlib.suppress(StripeError):
                        self._execute(request, request_id)
                raise server_error()
            return 200, dumps(self._execute(request, request_id)), True
        except StripeError as error:
            return error.status, dumps(error.body()), error.executed
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return 500, dumps(server_error().body()), True

    def _execute(self, request: access.Request, request_id: str) -> dict[str, Any]:
        found = endpoints.match(request.method, request.path)
        if found is None:
            raise unrecognised_url(request.method, request.path)
        endpoint, named = found
        if request.public and not endpoint.public:
            raise access.secret_key_required()
        given = params.check(endpoint.schema, params.decode(request.encoded()))
        wanted = given.pop("expand", [])
        expand.check(endpoint.kind, wanted, listed=endpoint.listed)
        given.pop("key", None)
        call = Call(
            sandbox=self.sandbox,
            params=given,
            ids=named,
            path=request.path,
            origin=request.origin,
            request_id=request_id,
            idempotency_key=request.idempotency_key,
            public=request.public,
        )
        row = endpoint.handler(call)
        return expand.apply(self.sandbox.store, row, wanted) if wanted else row


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


async def _read(receive: Any) -> bytes:
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body") and len(body) < MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
    return body


async def _send(send: Any, status: int, text: str, headers: dict[str, str]) -> None:
    body = text.encode()
    fixed = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"access-control-allow-origin", b"*"),
        (b"cache-control", b"no-cache, no-store"),
    ]
    given = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": fixed + given})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(scope: dict[str, Any], receive: Any) -> None:
    """Closes the TCP connection; returns when the server has noticed, so that it answers nothing either."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
