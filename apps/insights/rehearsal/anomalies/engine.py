"""What the engine itself could not do: subscriptions put aside, and work that failed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from apps.billing.models import Parked
from apps.billing.tax import NoTaxRate
from apps.core.models import SweepRun
from apps.insights import words
from apps.memberships.models import Subscription

from .register import Finding, View, register

_NO_RATE = Q(parked_reason__startswith=NoTaxRate.__name__)


@register("missing-tax-rate", label=gettext_lazy("No tax rate"))
def missing_tax_rate(view: View) -> Iterable[Finding]:
    """Not billed, because the shop knows no tax rate for the customer's country on that day."""
    return _put_aside(Subscription.objects.parked().filter(_NO_RATE), view)


@register("parked", label=gettext_lazy("Put aside, not billed"))
def parked(view: View) -> Iterable[Finding]:
    """Put aside for another reason, before or in the rehearsal."""
    return _put_aside(Subscription.objects.parked().exclude(_NO_RATE), view)


@register("work-failed", label=gettext_lazy("A worker fails"))
def work_failed(view: View) -> Iterable[Finding]:
    """A sweep that raised, or that put something aside that is not a subscription."""
    last: dict[str, SweepRun] = {}
    for run in SweepRun.objects.exclude(error="").order_by("at", "pk"):
        last.setdefault(run.sweep, run)
    for name, run in last.items():
        yield Finding(key=name, at=run.at, detail=f"{words.name(name)}: {run.error}")
    for item in Parked.objects.waiting().filter(pk__gt=view.marks.put_aside):
        yield Finding(key=f"{item.kind}:{item.ref}", at=item.at, detail=f"{item}: {item.reason}")


def _put_aside(subscriptions: QuerySet[Subscription], view: View) -> Iterable[Finding]:
    for subscription in subscriptions.select_related("price"):
        due = subscription.next_bill_at
        yield Finding(
            key=str(subscription.pk),
            customer_id=subscription.customer_id,
            subscription_id=subscription.pk,
            at=due if due and due >= view.since else None,
            currency=subscription.price.currency,
            amount_minor=subscription.price.amount_minor,
            detail=subscription.parked_reason,
        )
