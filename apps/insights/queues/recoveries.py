"""Invoices that are being recovered, and those that were left open when nothing helped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.billing import attempts, collection, dunning, emails, invoices, rules
from apps.billing.gateway import GatewayError
from apps.billing.models import Payment, Recovery

from .model import Act, CannotAct, Order, Queue, Row

_STEPS = {
    rules.Act.RETRY: _("Next: another try on %(at)s."),
    rules.Act.REMINDER: _("Next: a reminder on %(at)s."),
    rules.Act.FINAL_NOTICE: _("Next: the final notice on %(at)s."),
    rules.Act.END: _("Next: the end on %(at)s."),
}
_ASKS = {
    emails.NEW_CARD: _("It needs another card: call or write to the customer."),
    emails.AUTHENTICATE: _("Only the customer can confirm it: send them the link to pay."),
}


def _with_all(rows: QuerySet[Recovery]) -> QuerySet[Recovery]:
    tried = Prefetch("invoice__payments", Payment.objects.select_related("card").order_by("attempt"))
    return rows.select_related("policy", "invoice__customer").prefetch_related(tried).order_by("started_at", "pk")


def _under_way() -> QuerySet[Recovery]:
    return _with_all(Recovery.objects.open())


def _left_open() -> QuerySet[Recovery]:
    return _with_all(Recovery.objects.left_open())


def _show_under_way(rows: Sequence[Recovery]) -> list[Row]:
    return [_row(recovery, UNDER_WAY, _next_step(recovery)) for recovery in rows]


def _show_left_open(rows: Sequence[Recovery]) -> list[Row]:
    advice = _text("Talk to the customer: they can pay by the link in our mails, or the invoice is withdrawn.")
    return [_row(recovery, LEFT_OPEN, advice) for recovery in rows]


def _row(recovery: Recovery, queue: Queue, advice: str) -> Row:
    invoice = recovery.invoice
    return Row(
        pk=recovery.pk,
        title=invoice.number,
        url=reverse("admin:billing_recovery_change", args=[recovery.pk]),
        since=recovery.started_at,
        reason=_reason(recovery),
        advice=advice,
        money=invoice.due,
        customer=invoice.customer,
        acts=queue.fitting(recovery),
    )


def _last(recovery: Recovery) -> Payment:
    return list(recovery.invoice.payments.all())[-1]


def _reason(recovery: Recovery) -> str:
    last, tries = _last(recovery), len(recovery.invoice.payments.all())
    facts: dict[str, Any] = {
        "tries": tries,
        "code": last.decline_code or last.get_status_display(),
        "card": last.card or "–",
    }
    text = ngettext("One try, with %(card)s: %(code)s", "%(tries)s tries, the last with %(card)s: %(code)s", tries)
    return text % facts


def _next_step(recovery: Recovery) -> str:
    policy = recovery.policy
    step = rules.schedule(policy.retry_days, policy.mail_days, policy.grace_days)[recovery.step]
    at = date_format(recovery.next_action_at, "SHORT_DATE_FORMAT") if recovery.next_action_at else "–"
    asks = _ASKS.get(emails.ask_of(_last(recovery)))
    return " ".join([str(_STEPS[step.act]) % {"at": at}, *([str(asks)] if asks else [])])


def _retry(order: Order) -> str:
    invoice = order.row.invoice
    card = attempts.default_card(invoice)
    if card is None:
        raise CannotAct(_text("The customer has no card."))
    try:
        payment = collection.retry_with_card(invoice.pk, card_id=card.pk, on_session=False, now=order.now)
    except collection.NothingToPay as problem:
        raise CannotAct(_text("Nothing is owed on this invoice any more.")) from problem
    except collection.PaymentInFlight as problem:
        raise CannotAct(_text("A payment for this invoice is on its way.")) from problem
    except (attempts.RetryRefused, GatewayError) as problem:
        raise CannotAct(str(problem)) from problem
    return _text("Payment %(payment)s: %(status)s") % {"payment": payment, "status": payment.get_status_display()}


def _stop(order: Order) -> str:
    dunning.stop(order.row.invoice_id, reason=order.reason, now=order.now)
    return _text("No try and no mail follows. The invoice stays open until it is paid or withdrawn.")


def _withdraw(order: Order) -> str:
    try:
        invoices.void(order.row.invoice_id, reason=order.reason, actor=order.actor, now=order.now)
    except invoices.CannotVoid as problem:
        raise CannotAct(str(problem)) from problem
    return _text("The invoice is withdrawn.")


_TRY_NOW = Act(
    name="retry",
    label=_("Try the default card now"),
    explains=_("The customer's default card is charged at once. The try counts like every other."),
    permission="billing.change_recovery",
    run=_retry,
)

UNDER_WAY = Queue(
    slug="dunning",
    label=_("Payments being recovered"),
    explains=_("The workers try these again and write to the customers by their dunning policies."),
    permission="billing.view_recovery",
    rows=_under_way,
    show=_show_under_way,
    is_urgent=False,
    acts=(
        _TRY_NOW,
        Act(
            name="stop",
            label=_("Stop recovering"),
            explains=_("No try and no mail follows. The invoice stays open until it is paid or withdrawn."),
            permission="billing.change_recovery",
            run=_stop,
            asks_why=True,
        ),
    ),
)

LEFT_OPEN = Queue(
    slug="left-unpaid",
    label=_("Invoices left unpaid"),
    explains=_("Nothing helped, and their policy leaves them to you. The memberships stay overdue until you decide."),
    permission="billing.view_recovery",
    rows=_left_open,
    show=_show_left_open,
    acts=(
        _TRY_NOW,
        Act(
            name="withdraw",
            label=_("Withdraw invoice"),
            explains=_("Its number stays used and its postings are reversed. What was overdue goes on as if paid."),
            permission="billing.change_invoice",
            run=_withdraw,
            asks_why=True,
        ),
    ),
)
