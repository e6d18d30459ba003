"""Charges on their way to the gateway: payments go in, results come out as they arrive.

Threads only speak with the gateway. They never touch the database: whoever sends writes the results down.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from django.conf import settings

from . import gateway
from .gateway.port import ChargeRequest, ChargeResult, Declined, Gateway, GatewayMisconfigured, Throttled, Unknown
from .lifecycle.payments import LEASE
from .models import Payment

log = logging.getLogger(__name__)


class Sender:
    """A pool of threads over the gateway of this process, for `with`. `refused` is set once the gateway has refused
    the shop's own key: the payments sent meanwhile come back as Throttled."""

    def __init__(self, *, threads: int) -> None:
        self.refused: GatewayMisconfigured | None = None
        self._adapter = gateway.get()
        # One at a time, or what answers without a network, gains nothing from threads.
        self._pool = ThreadPoolExecutor(max_workers=threads) if threads > 1 and self._adapter.is_remote else None
        self._under_way: dict[Future[ChargeResult], Payment] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=problem is not None)

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._under_way)

    def send(self, payments: Iterable[Payment]) -> None:
        """Charge payments that were claimed a moment ago. One that waits until its lease runs out is not sent."""
        deadline = time.monotonic() + LEASE.total_seconds() - 2 * settings.GATEWAY_TIMEOUT_SECONDS
        for payment in payments:
            self._under_way[self._submit(payment, deadline=deadline)] = payment

    def results(self) -> list[tuple[Payment, ChargeResult]]:
        """All results there are, in the order of sending; waits for the first one. Empty when nothing is under way."""
        done, _not_done = wait(self._under_way, return_when=FIRST_COMPLETED)
        arrived = [future for future in self._under_way if future in done]
        return [(self._under_way.pop(future), self._result(future)) for future in arrived]

    def _submit(self, payment: Payment, *, deadline: float) -> Future[ChargeResult]:
        if self._pool:
            return self._pool.submit(charge, self._adapter, payment, deadline=deadline)
        done: Future[ChargeResult] = Future()
        try:
            done.set_result(charge(self._adapter, payment, deadline=deadline))
        except GatewayMisconfigured as problem:
            done.set_exception(problem)
        return done

    def _result(self, future: Future[ChargeResult]) -> ChargeResult:
        try:
            return future.result()
        except GatewayMisconfigured as problem:
            self.refused = problem
            return Throttled("the gateway refused the shop's key")


def charge(adapter: Gateway, payment: Payment, *, deadline: float) -> ChargeResult:
    """Ask the gateway for one payment; nothing is sent after `deadline`, in seconds of `time.monotonic`. Raises
    GatewayMisconfigured."""
    profile = getattr(payment.invoice.customer, "billing_profile", None)
    if payment.card is None or profile is None or not profile.gateway_customer_id:
        return Declined("no_card", hard=True, message="The customer has no card")
    if payment.card.detached_at:
        return Declined("card_removed", hard=True, message="The customer removed this card")
    if time.monotonic() > deadline:
        return Throttled("not sent: the lease was running out")
    request = ChargeRequest(
        payment_key=payment.idempotency_key,
        customer_id=profile.gateway_customer_id,
        method_id=payment.card.gateway_id,
        money=payment.amount,
        on_session=payment.on_session,
        description=payment.invoice.number,
        metadata={"payment": payment.idempotency_key, "invoice": payment.invoice.number},
    )
    try:
        return adapter.charge(request)
    except GatewayMisconfigured:
        raise
    except Exception as problem:
        log.exception("The gateway adapter failed on payment %s", payment.pk)
        return Unknown(f"{type(problem).__name__}: {problem}")
