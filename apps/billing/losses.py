"""A dispute that was lost: bad debt at first, and then what staff decide.

Postings, each of a document of its own:

- `dispute-lost:<dispute>:<loss>` (lifecycle): what the bank keeps is bad debt. The VAT stays due;
- `credit-note:<note>`: where the supply is cancelled, a credit note takes sale and VAT back, against bad debt. What of
  the loss was not the invoice's to credit any more stays bad debt;
- `dispute-kept:<dispute>:<loss>`: the bank changed its mind after the credit note. The money that came back is for a
  sale that was taken back, so it is owed to the customer (refunds clearing), and put before staff;
- `dispute-credit:<dispute>:<loss>`: staff give that money to the customer as credit.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.money import Money

from . import credit_notes, ledger
from .models import Account, CreditEntry, CreditNote, Dispute, Invoice, LedgerEntry, LossDecision, Parked

_CHOICE = LossDecision.Choice
KEPT = "dispute_kept"


class CannotDecide(Exception):
    """The dispute is not lost, it is decided otherwise, or nothing of the invoice is left. The text is for staff;
    nothing was changed."""


@transaction.atomic
def leave(dispute_id: int, *, reason: str, actor: str, now: datetime) -> LossDecision:
    """Staff decide that a loss stays bad debt: the sale was made, and its VAT is a matter of the country's rules for
    bad debts. Nothing is posted. Repeated, it returns the first decision. Raises CannotDecide."""
    dispute, _invoice = _lock(dispute_id)
    existing = _decided(dispute, _CHOICE.BAD_DEBT)
    if existing:
        return existing
    return _write(dispute, _CHOICE.BAD_DEBT, None, reason=reason, actor=actor, now=now)


@transaction.atomic
def take_back(dispute_id: int, *, reason: str, actor: str, now: datetime) -> LossDecision:
    """Staff decide that the supply is cancelled: a credit note takes sale and VAT back, as far as the bank kept the
    money and the invoice has it left. Repeated, it returns the first decision. Raises CannotDecide."""
    dispute, invoice = _lock(dispute_id)
    existing = _decided(dispute, _CHOICE.CREDIT_NOTE)
    if existing:
        return existing
    amount = to_credit(dispute, invoice)
    if not amount:
        raise CannotDecide(_("Nothing of this invoice is left to take back: it was credited or given back already."))
    to = CreditNote.Settlement.BANK
    note = credit_notes.issue(invoice, amount=amount, to=to, key=f"dispute:{dispute.pk}", reason=reason, now=now)
    return _write(dispute, _CHOICE.CREDIT_NOTE, note, reason=reason, actor=actor, now=now)


@transaction.atomic
def give_as_credit(dispute_id: int, *, actor: str, now: datetime) -> CreditEntry:
    """Give the customer as credit what a bank returned of a sale that was taken back meanwhile. Repeated, it returns
    the first entry. Raises CannotDecide."""
    dispute, invoice = _lock(dispute_id, lost=False)
    key = _document("dispute-credit", dispute)
    existing = CreditEntry.objects.filter(key=key).first()
    if existing:
        return existing
    kept = _kept(dispute)
    if dispute.status != Dispute.Status.WON or not kept:
        raise CannotDecide(_("There is no money of a sale that was taken back."))
    entries = [(Account.REFUNDS_CLEARING, kept), (Account.CUSTOMER_CREDIT, -kept)]
    ledger.post(key, entries, customer_id=invoice.customer_id, now=now)
    Parked.objects.filter(kind=KEPT, ref=dispute.gateway_id).resolve(by=actor, now=now)
    return CreditEntry.objects.create(
        customer_id=invoice.customer_id,
        currency=kept.currency,
        amount_minor=kept.minor,
        key=key,
        reason=_("Returned by the bank"),
        at=now,
    )


def to_credit(dispute: Dispute, invoice: Invoice) -> Money:
    """How much of a loss a credit note can take back: no more than is left of the invoice."""
    return min(held(dispute), credit_notes.creditable(invoice), key=lambda money: money.minor)


def held(dispute: Dispute) -> Money:
    """What a bank has of the payment by the movements."""
    taken = sum(dispute.movements.values_list("amount_minor", flat=True))
    return Money(-taken, dispute.currency)


def loss_key(dispute: Dispute) -> str:
    """The document of the present loss: a dispute may be lost again after it was won."""
    return _document("dispute-lost", dispute)


def keep_for_customer(dispute: Dispute, *, now: datetime) -> None:
    """The bank undid a loss whose sale a credit note had taken back: the money is the customer's, if they did not get
    it before."""
    decision = dispute.decisions.select_related("credit_note").filter(choice=_CHOICE.CREDIT_NOTE).first()
    if decision is None or decision.credit_note is None or _was_given(dispute):
        return
    amount = decision.credit_note.total
    entries = [(Account.BAD_DEBT, amount), (Account.REFUNDS_CLEARING, -amount)]
    key = _document("dispute-kept", dispute)
    ledger.post(key, entries, customer_id=decision.credit_note.customer_id, now=now)
    text = _("The bank gave back %(amount)s of a sale that credit note %(number)s took back: it is the customer's.")
    told = {"amount": amount, "number": decision.credit_note.number}
    Parked.objects.put(KEPT, ref=dispute.gateway_id, reason=text % told, now=now)


def keep_no_more(dispute: Dispute, *, now: datetime) -> None:
    """A dispute that had been won is lost again; called before it counts as one more loss. Money that became the
    customer's credit meanwhile is lost indeed."""
    if not _was_given(dispute):
        key = _document("dispute-kept", dispute)
        ledger.reverse(key, as_key=f"{key}:undone", now=now)
        Parked.objects.filter(kind=KEPT, ref=dispute.gateway_id).resolve(by="system", now=now)


def _was_given(dispute: Dispute) -> bool:
    """Whether the customer got the money of the credit note as credit, after whichever loss."""
    return CreditEntry.objects.filter(key__startswith=f"dispute-credit:{dispute.pk}:").exists()


def _kept(dispute: Dispute) -> Money:
    entries = LedgerEntry.objects.of_document(_document("dispute-kept", dispute))
    sides = {entry.account: entry.amount for entry in entries}
    return sides.get(Account.BAD_DEBT, Money(0, dispute.currency))


def _lock(dispute_id: int, *, lost: bool = True) -> tuple[Dispute, Invoice]:
    """The dispute with its invoice, which is locked before it. Raises CannotDecide where there is nothing to decide."""
    invoice = (
        Invoice.objects.filter(payments__disputes=dispute_id, payments__surplus=False)
        .select_for_update(of=("self",))
        .first()
    )
    dispute = Dispute.objects.select_for_update().get(pk=dispute_id)
    if lost and (dispute.status != Dispute.Status.LOST or not held(dispute)):
        raise CannotDecide(_("Only a dispute that is lost, and whose money the bank has, can be decided."))
    if invoice is None:
        raise CannotDecide(_("Nothing was sold for this payment, so there is nothing to correct."))
    return dispute, invoice


def _decided(dispute: Dispute, choice: str) -> LossDecision | None:
    """The decision about the present loss, if it is this one. Raises CannotDecide for the other one, and when a credit
    note of an earlier loss covers this one too."""
    made = dispute.decisions.filter(number=_number(dispute)).first()
    credited = dispute.decisions.filter(choice=_CHOICE.CREDIT_NOTE).first()
    if made is not None and made.choice != choice:
        raise CannotDecide(_("This loss is decided already: %(decision)s.") % {"decision": made})
    if made is None and credited is not None:
        raise CannotDecide(
            _("The sale was taken back already, by credit note %(note)s.") % {"note": credited.credit_note}
        )
    return made


def _write(
    dispute: Dispute, choice: str, note: CreditNote | None, *, reason: str, actor: str, now: datetime
) -> LossDecision:
    facts = {"reason": reason[:300], "actor": actor, "at": now}
    return LossDecision.objects.create(
        dispute=dispute, number=_number(dispute), choice=choice, credit_note=note, **facts
    )


def _number(dispute: Dispute) -> int:
    return dispute.changes.filter(new=Dispute.Status.LOST).count()


def _document(kind: str, dispute: Dispute) -> str:
    return f"{kind}:{dispute.pk}:{_number(dispute)}"
