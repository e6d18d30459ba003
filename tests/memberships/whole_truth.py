"""What must hold in any shop at any instant: the contracts, the money at the gateway, the books and the points."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise

from django.db.models import Count, F, Sum

from apps.billing import replay, stating
from apps.billing.gateway.port import Succeeded
from apps.billing.gateway.rehearsal import Rehearsal
from apps.billing.models import (
    Account,
    CreditAccount,
    CreditEntry,
    CreditNote,
    CreditNoteLine,
    Dispute,
    DisputeMovement,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    Parked,
    Payment,
    Refund,
)
from apps.loyalty.models import PointsAccount, PointsEntry, PointsLot
from apps.memberships import lifecycle
from apps.memberships.models import History, Pause, Period, Status, Subscription

Sums = Counter[str]


def check(gateway: Rehearsal, *, now: datetime) -> None:
    for subscription in Subscription.objects.select_related("price", "pending_price", "plan"):
        check_contract(subscription, now=now)
        check_nothing_after_the_end(subscription, gateway)
    check_invoices()
    check_gateway(gateway)
    check_nothing_given_back_twice(gateway)
    check_ledger()
    check_points()
    check_replay()


def check_contract(subscription: Subscription, *, now: datetime) -> None:
    """Periods in order, each billed once, with no gap but the pauses; the status is what its history says."""
    spans = list(Period.objects.filter(subscription=subscription).order_by("start"))
    billed = [span.invoice_id for span in spans]
    assert None not in billed
    assert len(set(billed)) == len(billed)
    assert all(one.end <= other.start for one, other in pairwise(spans)), "no overlap"
    gaps = [(one.end, other.start) for one, other in pairwise(spans) if one.end != other.start]
    rested = Pause.objects.filter(subscription=subscription, outcome="resumed").order_by("begun_at")
    rests = [(row.begun_at, row.closed_at) for row in rested if row.begun_at != row.closed_at]
    # The last rest may have ended with a period that is not billed yet.
    assert rests[: len(gaps)] == gaps, "no gap but the pauses"

    moves = list(
        History.objects.filter(subscription=subscription, kind="status").order_by("pk").values_list("old", "new")
    )
    assert all(one[1] == other[0] for one, other in pairwise(moves))
    assert all(new in lifecycle.ARROWS[Status(old)] for old, new in moves)
    assert (moves[-1][1] if moves else Status.INCOMPLETE) == subscription.status
    assert subscription.parked_at is None, subscription.parked_reason
    if subscription.status in (Status.ACTIVE, Status.PAST_DUE) and not subscription.price.is_free:
        last = spans[-1]
        assert subscription.current_end is not None
        # After a rest the next period is due, and not billed yet.
        assert last.end == subscription.current_end or subscription.current_end <= now
        if last.end == subscription.current_end:
            assert (last.price_id, subscription.plan_id) == (subscription.price_id, subscription.price.plan_id)
            if subscription.pause_at is None and not subscription.is_cancelling:
                assert subscription.ends_at == subscription.term_ends_at == subscription.natural_end()
    owed = Invoice.objects.open().filter(periods__subscription=subscription)
    match subscription.status:
        case Status.PAUSED | Status.ENDED | Status.EXPIRED | Status.TRIALING:
            assert not owed.exists()
        case Status.PAST_DUE:
            assert owed.exists()


def check_nothing_after_the_end(subscription: Subscription, gateway: Rehearsal) -> None:
    """Who has left is not charged any more, and no period begins after the end."""
    if subscription.ended_at is None:
        return
    assert not Period.objects.filter(subscription=subscription, start__gt=subscription.ended_at).exists()
    mine = Payment.objects.filter(invoice__periods__subscription=subscription).exclude(gateway_id="")
    for payment in mine:
        assert gateway._intents[payment.gateway_id].created <= _last_moment(subscription)


def _last_moment(subscription: Subscription) -> datetime:
    """When the shop knew of the end: a late worker charges what was due before it comes to end the contract."""
    row = History.objects.filter(subscription=subscription, kind="status").latest("pk")
    return row.at


def check_invoices() -> None:
    """One line over one period, one payment that paid it, one open; the documents sum."""
    plan_lines = InvoiceLine.objects.filter(kind="plan", invoice__periods__isnull=False)
    # A change of rhythm gives back what is left, and bills a period of another length, maybe in the same instant.
    span = ("invoice__periods__subscription", "period_start", "period_end")
    once = plan_lines.values(*span).annotate(times=Count("pk"))
    assert {row["times"] for row in once} <= {1}
    for invoice in Invoice.objects.prefetch_related("payments", "lines", "credit_notes"):
        payments = list(invoice.payments.all())
        paying = [row for row in payments if row.status == "succeeded" and not row.surplus]
        assert len(paying) <= 1
        assert sum(row.is_open for row in payments) <= 1
        assert bool(paying) == (invoice.status == Invoice.Status.PAID and invoice.due_minor > 0)
        assert invoice.total_minor == sum(line.amount_minor for line in invoice.lines.all()) >= 0
        assert all(line.net_minor + line.tax_minor == line.amount_minor for line in invoice.lines.all())
        noted = sum(note.total_minor for note in invoice.credit_notes.all())
        assert 0 <= noted <= invoice.total_minor
    for series in ("main", "credit"):
        model = Invoice if series == "main" else CreditNote
        serials = list(model.objects.order_by("serial").values_list("serial", flat=True))
        assert serials == list(range(1, len(serials) + 1))
    credited = CreditNoteLine.objects.values("line").annotate(sum=Sum("amount_minor"), tax=Sum("tax_minor"))
    lines = InvoiceLine.objects.in_bulk([row["line"] for row in credited])
    for row in credited:
        line = lines[row["line"]]
        assert abs(row["sum"]) <= abs(line.amount_minor)
        assert abs(row["tax"]) <= abs(line.tax_minor)


def check_gateway(gateway: Rehearsal) -> None:
    """What the gateway took and gave back is what the books hold as cash, save what the shop does not know yet."""
    payments = {payment.gateway_id: payment for payment in Payment.objects.exclude(gateway_id="")}
    by_key = {str(payment.key): payment for payment in Payment.objects.all()}
    cash: Sums = Counter()
    for intent in gateway._intents.values():
        if not isinstance(intent.result, Succeeded):
            continue
        payment = payments.get(intent.id) or by_key[intent.request.payment_key]
        if payment.status == Payment.Status.SUCCEEDED:
            cash[intent.request.money.currency] += intent.request.money.minor - intent.refunded
        else:
            assert payment.status in {"unknown", "processing", "needs_action"} or payment.check_at is not None
            assert intent.refunded == 0
    for row in DisputeMovement.objects.all():
        cash[row.currency] += row.amount_minor
        cash[row.fee_currency] -= row.fee_minor
    assert _without_zeros(cash) == _balances(Account.CASH)


def check_nothing_given_back_twice(gateway: Rehearsal) -> None:
    """No payment gives back more than it took, to the customer and to a bank together; no invoice is credited for more
    than was paid on it."""
    for intent in gateway._intents.values():
        held = sum(row.amount_minor or 0 for row in Dispute.objects.holding().filter(payment__gateway_id=intent.id))
        assert intent.refunded + held <= intent.request.money.minor
    for span in Period.objects.select_related("invoice"):
        assert 0 <= span.credited_minor <= span.gross_minor
        assert not span.credited_minor or span.invoice.status == Invoice.Status.PAID
    kept = Period.objects.filter(invoice__status="paid").aggregate(sum=Sum(F("gross_minor") - F("credited_minor")))
    taken = Invoice.objects.paid().aggregate(sum=Sum("total_minor"))
    assert (taken["sum"] or 0) == (kept["sum"] or 0), "what was charged is what the spans cost, less what came back"


def check_ledger() -> None:
    """Every document and every currency sums to zero, and each account is what the rows say."""
    uneven = LedgerEntry.objects.order_by().values("key", "currency").annotate(sum=Sum("amount_minor"))
    assert not uneven.exclude(sum=0).exists()
    owed: Sums = Counter()
    for invoice in Invoice.objects.open():
        owed[invoice.currency] += invoice.due_minor
    assert _balances(Account.RECEIVABLE) == _without_zeros(owed)
    assert _balances(Account.CUSTOMER_CREDIT) == _negative(_sums(CreditAccount.objects.all(), "balance_minor"))
    assert _sums(CreditAccount.objects.all(), "balance_minor") == _sums(CreditEntry.objects.all(), "amount_minor")
    assert _balances(Account.POINTS_LIABILITY) == _negative(_sums(PointsLot.objects.all(), "remaining"))
    on_its_way = _sums(Refund.objects.counted().exclude(status="succeeded"), "amount_minor")
    assert not Refund.objects.still_owed().exists()
    assert _balances(Account.REFUNDS_CLEARING) == _negative(on_its_way)
    taxed = Counter(_sums(Invoice.objects.all(), "tax_minor"))
    taxed.subtract(_sums(CreditNote.objects.all(), "tax_minor"))
    assert _balances(Account.TAX_PAYABLE) == _negative(taxed)
    held = _sums(DisputeMovement.objects.exclude(dispute__status="lost"), "amount_minor")
    assert _balances(Account.DISPUTES) == _negative(held)
    # A person decides what a loss is; nobody has told this shop the exchange rates.
    assert set(Parked.objects.values_list("kind", flat=True)) <= {"dispute_lost", stating.PARKED_AS}


def check_points() -> None:
    """A balance is the sum of its entries and of its lots, and never below zero."""
    entries = Counter(dict(PointsEntry.objects.order_by().values_list("customer").annotate(Sum("points"))))
    lots = Counter(dict(PointsLot.objects.order_by().values_list("customer").annotate(Sum("remaining"))))
    for account in PointsAccount.objects.all():
        assert account.balance == entries[account.customer_id] == lots[account.customer_id] >= 0
    assert all(lot.remaining >= 0 for lot in PointsLot.objects.all())


def check_replay() -> None:
    """Computed again from its stored inputs, every invoice, posting and month comes out as it is."""
    differences = [str(one) for batch in replay.walk() for one in batch.differences]
    assert [*differences, *map(str, replay.whole_ledger())] == []


def _balances(account: str) -> dict[str, int]:
    rows = LedgerEntry.objects.filter(account=account).order_by().values_list("currency").annotate(Sum("amount_minor"))
    return _without_zeros(dict(rows))


def _sums(rows, column: str) -> dict[str, int]:
    return _without_zeros(dict(rows.order_by().values_list("currency").annotate(Sum(column))))


def _without_zeros(sums: dict[str, int]) -> dict[str, int]:
    return {currency: minor for currency, minor in sums.items() if minor}


def _negative(sums: dict[str, int]) -> dict[str, int]:
    return {currency: -minor for currency, minor in sums.items() if minor}
