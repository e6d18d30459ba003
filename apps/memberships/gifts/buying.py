"""Buying a gift: the words agreed to, the card, one charge with the buyer present.

`complete` leaves the gift WAITING to be redeemed, FAILED (nothing charged), or OPEN: then its payment waits for the
buyer's bank, or its outcome is not known yet.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.billing import cards, collection, invoices, janitor
from apps.billing.drafts import Draft, LineDraft
from apps.billing.models import Card, Invoice, Payment, Profile
from apps.memberships.errors import NotOpen, UnknownPlan
from apps.memberships.models import Gift, GiftStatus
from apps.memberships.services import finding

from . import rules, settling


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom the gift is for. Without an `email` the buyer hands the code over; `deliver_at` (UTC) is then None too."""

    name: str
    email: str = ""
    greeting: str = ""
    deliver_at: datetime | None = None


@transaction.atomic
def start(
    buyer: User,
    price_id: int,
    *,
    periods: int,
    recipient: Recipient,
    terms_version: str,
    terms_text: str,
    now: datetime,
) -> Gift:
    """Note what the buyer chose and agreed to. Raises UnknownPlan for what cannot be given, ClosedPlan."""
    price = finding.price_on_sale(price_id, now=now)
    if periods not in rules.lengths(price):
        raise UnknownPlan(_("This cannot be given as a gift."))
    gift = Gift(
        buyer=buyer,
        price=price,
        periods=periods,
        currency=price.currency,
        amount_minor=price.amount_minor * periods,
        recipient_name=recipient.name,
        recipient_email=recipient.email,
        greeting=recipient.greeting,
        deliver_at=recipient.deliver_at if recipient.email else None,
        created_at=now,
    )
    gift.consent = accounts.record_consent(
        buyer,
        kind="subscription_terms",
        version=terms_version,
        text=terms_text,
        granted=True,
        source="gift",
        now=now,
        key=f"gift:{gift.token}",
    )
    gift.save()
    return gift


@transaction.atomic
def attach_setup(token: UUID | str, *, user: User, setup_id: str) -> Gift:
    """Note the card set-up that belongs to a gift being bought; a page opened again brings another one. Raises
    NotOpen."""
    gift = _mine(token, user, lock=True)
    if gift.status != GiftStatus.OPEN or gift.invoice_id is not None:
        raise NotOpen(_("This gift is paid for already."))
    gift.setup_id = setup_id
    gift.save(update_fields=["setup_id"])
    return gift


def complete(token: UUID | str, *, user: User, setup_id: str, now: datetime) -> Gift:
    """Charge the gift once to the card of a finished set-up. Repeating it never charges twice.

    A card that is charged for a membership stays the one that is: the new one pays for this gift alone. Talks to the
    gateway: never call it inside a transaction. Raises NotOpen for a gift that is not theirs, billing's SetupRefused,
    and ClosedPlan when the plan was closed in the meantime; nothing is charged then.
    """
    gift = _mine(token, user)
    if gift.status != GiftStatus.OPEN:
        return gift
    if gift.invoice_id is None:
        if gift.setup_id != setup_id:
            raise cards.SetupRefused("foreign")
        finding.price_on_sale(gift.price_id, now=now)
        profile = Profile.objects.of(user)
        known = profile.default_card if profile else None
        card = cards.complete_setup(user, setup_id, now=now)
        if known is not None and known.pk != card.pk:
            with suppress(Card.DoesNotExist):  # removed at this moment: then the new one is all there is
                cards.make_default(user, known.pk)
        _bill(gift.pk, card, now=now)
    return resume(token, user=user, now=now)


def complete_with_card(token: UUID | str, *, user: User, card_id: int, now: datetime) -> Gift:
    """Like `complete`, with a card that the buyer has saved before. Raises Card.DoesNotExist for one that was removed
    or is not theirs."""
    gift = _mine(token, user)
    if gift.status == GiftStatus.OPEN and gift.invoice_id is None:
        finding.price_on_sale(gift.price_id, now=now)
        _bill(gift.pk, Card.objects.of(user).usable().get(pk=card_id), now=now)
    return resume(token, user=user, now=now)


def resume(token: UUID | str, *, user: User, now: datetime) -> Gift:
    """Go on with the payment: charge it if nobody has, or ask what became of it. Repeatable. Talks to the gateway."""
    gift = _mine(token, user)
    payment = payment_of(gift)
    if gift.status != GiftStatus.OPEN or payment is None:
        return gift
    if payment.status == Payment.Status.PENDING:
        collection.collect_now(payment.pk, now=now)
    elif payment.is_open:
        payment = janitor.check(payment.pk, now=now)
    if payment.status == Payment.Status.CANCELLED:
        settling.abandon(gift.pk, problem=_("The payment was not made."), now=now)
    return _mine(token, user)


def payment_of(gift: Gift) -> Payment | None:
    """The latest payment of the gift's invoice; None before the card, or when credit paid it all."""
    return None if gift.invoice is None else gift.invoice.payments.order_by("-attempt").first()


@transaction.atomic
def _bill(gift_id: int, card: Card, *, now: datetime) -> None:
    """The invoice and its pending payment. Without a service period, and without VAT: see the package."""
    gift = Gift.objects.select_for_update(of=("self",)).select_related("price__plan", "buyer").get(pk=gift_id)
    if gift.invoice_id is not None or gift.status != GiftStatus.OPEN:
        return
    with override(gift.buyer.locale):
        description = _("Gift: %(what)s") % {"what": rules.describe(gift.price, gift.periods)}
    line = LineDraft(
        kind="gift",
        description=description,
        quantity=gift.periods,
        unit_minor=gift.price.amount_minor,
        amount_minor=gift.amount_minor,
        tax_basis_points=0,
        inputs={"unit_minor": gift.price.amount_minor, "quantity": gift.periods, "gift": gift.pk},
    )
    draft = Draft(
        customer=gift.buyer,
        key=f"gift-sold:{gift.token}",
        currency=gift.currency,
        reason="gift",
        lines=[line],
        card_id=card.pk,
        on_session=True,
        collect_at=now,
    )
    [invoice] = invoices.issue([draft], now=now)
    gift.invoice = invoice
    gift.save(update_fields=["invoice"])
    if invoice.status == Invoice.Status.PAID:
        # Credit paid it all. The signal went out before the gift could be found by its invoice.
        settling.paid([invoice.pk], now=now)


def _mine(token: UUID | str, user: User, *, lock: bool = False) -> Gift:
    rows = Gift.objects.select_related("price__plan", "invoice", "buyer")
    if lock:
        rows = rows.select_for_update(of=("self",))
    gift = rows.filter(token=token, buyer=user).first()
    if gift is None:
        raise NotOpen(_("There is no such gift."))
    return gift
