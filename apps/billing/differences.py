"""Where the shop's books and the gateway's differ. Pure: rows and records in, differences out."""

from __future__ import annotations

from dataclasses import dataclass

from apps.core.money import Money

from .gateway.books import ChargeRecord, DisputeRecord, RefundRecord, Standing
from .models import Break, Invoice, Payment, Refund

_P, _R = Payment.Status, Refund.Status
NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerns:
    """The rows of the shop that a difference is about, by their ids; empty where there are none."""

    customer_id: int | None = None
    invoice_id: int | None = None
    payment_id: int | None = None
    refund_id: int | None = None

    @classmethod
    def about(cls, payment: Payment | None, refund: Refund | None = None) -> Concerns:
        """A payment with its invoice and customer, and a refund of it."""
        if payment is None:
            return cls()
        return cls(
            customer_id=payment.invoice.customer_id,
            invoice_id=payment.invoice_id,
            payment_id=payment.pk,
            refund_id=refund.pk if refund else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; `here` and `there` say it in the words that staff see beside each other."""

    subject: Break.Subject
    kind: Break.Kind
    ref: str
    here: str
    there: str
    money: Money
    fix: Break.Fix = Break.Fix.LOOK
    concerns: Concerns = Concerns()

    @property
    def key(self) -> str:
        """Names this very difference: another amount on either side is another difference."""
        return f"{self.subject}:{self.ref}:{self.kind}:{self.here}:{self.there}"


def of_charge(record: ChargeRecord, payment: Payment | None, invoice: Invoice | None) -> Difference | None:
    """What differs about a charge, if anything; `invoice` is the one that the gateway's record names.

    A payment in the hands of a worker is not judged, and a charge that took nothing matters only where the shop says
    otherwise.
    """
    if payment is None:
        return _unknown_charge(record, invoice) if record.standing is Standing.MOVED else None
    if payment.status == _P.PROCESSING:
        return None
    if payment.status == _P.SUCCEEDED and payment.gateway_id != record.intent_id:
        return _charged_again(record, payment) if record.standing is Standing.MOVED else None
    said = _standings(record, payment)
    return said or (_sums(record, payment) if record.standing is Standing.MOVED else None)


def of_refund(record: RefundRecord, refund: Refund | None, payment: Payment | None) -> Difference | None:
    """What differs about a refund, if anything; `payment` is the one whose charge it gives back."""
    if refund is None:
        return _unknown_refund(record, payment) if record.standing is Standing.MOVED else None
    there_moved, here_moved = record.standing is Standing.MOVED, refund.status == _R.SUCCEEDED
    concerns = Concerns.about(refund.payment, refund)
    if refund.status == _R.PROCESSING or (record.standing is Standing.OPEN):
        return None
    if there_moved != here_moved and not (record.standing is Standing.FAILED and refund.status == _R.FAILED):
        can_ask = refund.status != _R.FAILED
        return Difference(
            subject=Break.Subject.REFUND,
            kind=Break.Kind.STATUS,
            ref=record.refund_id,
            here=refund.status,
            there=record.standing,
            money=record.money,
            fix=Break.Fix.ASK if can_ask else Break.Fix.LOOK,
            concerns=concerns,
        )
    return _other_sum(Break.Subject.REFUND, record.refund_id, refund.amount, record.money, concerns)


def of_lost_payment(payment: Payment) -> Difference | None:
    """Money that the shop has booked, of a charge that the gateway does not have."""
    if payment.status != _P.SUCCEEDED:
        return None
    return Difference(
        subject=Break.Subject.CHARGE,
        kind=Break.Kind.MISSING_THERE,
        ref=payment.gateway_id,
        here=_sum(payment.amount),
        there=NOTHING,
        money=payment.amount,
        concerns=Concerns.about(payment),
    )


def of_lost_refund(refund: Refund) -> Difference | None:
    """A refund that the shop has booked, and the gateway does not have."""
    if refund.status != _R.SUCCEEDED:
        return None
    return Difference(
        subject=Break.Subject.REFUND,
        kind=Break.Kind.MISSING_THERE,
        ref=refund.gateway_id,
        here=_sum(refund.amount),
        there=NOTHING,
        money=refund.amount,
        concerns=Concerns.about(refund.payment, refund),
    )


def of_dispute(record: DisputeRecord, payment: Payment | None) -> Difference:
    """A dispute that nobody in the shop has heard of."""
    return Difference(
        subject=Break.Subject.DISPUTE,
        kind=Break.Kind.MISSING_HERE,
        ref=record.dispute_id,
        here=NOTHING,
        there=_sum(record.money),
        money=record.money,
        fix=Break.Fix.PARK,
        concerns=Concerns.about(payment),
    )


def of_cash(ledger: Money, paid: Money) -> Difference | None:
    """The cash account against what was paid less what went back."""
    if ledger == paid:
        return None
    return Difference(
        subject=Break.Subject.CASH,
        kind=Break.Kind.AMOUNT,
        ref=ledger.currency,
        here=_sum(ledger),
        there=_sum(paid),
        money=ledger - paid,
    )


def _unknown_charge(record: ChargeRecord, invoice: Invoice | None) -> Difference:
    """It can be taken in where the shop knows what it was for: it pays that, or goes back."""
    fits = invoice is not None and (invoice.status != Invoice.Status.OPEN or invoice.due == record.money)
    return Difference(
        subject=Break.Subject.CHARGE,
        kind=Break.Kind.MISSING_HERE,
        ref=record.intent_id,
        here=NOTHING,
        there=_sum(record.money),
        money=record.money,
        fix=Break.Fix.ADOPT if fits else Break.Fix.LOOK,
        concerns=Concerns(customer_id=invoice.customer_id, invoice_id=invoice.pk) if invoice else Concerns(),
    )


def _charged_again(record: ChargeRecord, payment: Payment) -> Difference:
    return Difference(
        subject=Break.Subject.CHARGE,
        kind=Break.Kind.DOUBLE_CHARGE,
        ref=record.intent_id,
        here=payment.gateway_id,
        there=record.intent_id,
        money=record.money,
        fix=Break.Fix.ADOPT,
        concerns=Concerns.about(payment),
    )


def _standings(record: ChargeRecord, payment: Payment) -> Difference | None:
    match record.standing:
        case Standing.MOVED if payment.status != _P.SUCCEEDED:
            fix = Break.Fix.SETTLE if payment.amount == record.money else Break.Fix.LOOK
        case Standing.OPEN if payment.status in {_P.DECLINED, _P.CANCELLED} and payment.check_at is None:
            fix = Break.Fix.ASK
        case Standing.OPEN | Standing.FAILED if payment.status == _P.SUCCEEDED:
            fix = Break.Fix.LOOK
        case _:
            return None
    return Difference(
        subject=Break.Subject.CHARGE,
        kind=Break.Kind.STATUS,
        ref=record.intent_id,
        here=payment.status,
        there=record.standing,
        money=record.money,
        fix=fix,
        concerns=Concerns.about(payment),
    )


def _sums(record: ChargeRecord, payment: Payment) -> Difference | None:
    return _other_sum(Break.Subject.CHARGE, record.intent_id, payment.amount, record.money, Concerns.about(payment))


def _other_sum(subject: Break.Subject, ref: str, here: Money, there: Money, concerns: Concerns) -> Difference | None:
    if here == there:
        return None
    kind = Break.Kind.AMOUNT if here.currency == there.currency else Break.Kind.CURRENCY
    return Difference(
        subject=subject, kind=kind, ref=ref, here=_sum(here), there=_sum(there), money=there, concerns=concerns
    )


def _unknown_refund(record: RefundRecord, payment: Payment | None) -> Difference:
    fits = payment is not None and payment.status == _P.SUCCEEDED and payment.currency == record.money.currency
    return Difference(
        subject=Break.Subject.REFUND,
        kind=Break.Kind.MISSING_HERE,
        ref=record.refund_id,
        here=NOTHING,
        there=_sum(record.money),
        money=record.money,
        fix=Break.Fix.ADOPT_REFUND if fits else Break.Fix.LOOK,
        concerns=Concerns.about(payment),
    )


def _sum(money: Money) -> str:
    """An amount in words that no language changes, because they are part of the key."""
    return f"{money.decimal} {money.currency}"
