"""Taking a gift back: staff give the buyer the money again, as long as nobody has redeemed it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from apps.billing import credit, refunds
from apps.billing.models import Account, Payment
from apps.mail import outbox
from apps.memberships.errors import GiftNotUsable
from apps.memberships.models import Gift, GiftStatus

from . import emails, lifecycle


@transaction.atomic
def refund(gift_id: int, *, actor: str, now: datetime) -> Gift:
    """Refund a gift that waits to be redeemed: to the card what the card paid, as credit what credit paid.

    The code is good no longer, and a letter that has not left is not sent. Raises GiftNotUsable for any other gift, and
    billing's CannotRefund where a part of the payment has been refunded already; nothing is changed then.
    """
    gift = Gift.objects.select_for_update(of=("self",)).select_related("invoice", "buyer").get(pk=gift_id)
    if gift.status != GiftStatus.WAITING or gift.invoice is None:
        raise GiftNotUsable(_("Only a gift that nobody has redeemed can be taken back."))
    lifecycle.refund(gift, actor=actor, now=now)
    reason = _("Gift taken back")
    payment = gift.invoice.payments.filter(status=Payment.Status.SUCCEEDED).first()
    if payment is not None:
        refunds.request(payment.pk, amount=payment.amount, key="gift", reason=reason, now=now)
    if gift.invoice.credit_applied:
        credit.grant(
            gift.buyer,
            money=gift.invoice.credit_applied,
            key=f"gift-refunded:{gift.pk}",
            reason=reason,
            now=now,
            source_account=Account.REVENUE,
        )
    outbox.cancel_keys(emails.delivery_key(gift), now=now)
    return gift
