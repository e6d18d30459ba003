"""Signing up for a paid plan: quote and consent, then the card, then the first charge, then the membership.
A free trial begins with the card, and its first charge is the renewal's.

    signup = start(user, price_id, terms_version=…, terms_text=…, now=now)      the review page
    attach_setup(signup.token, user=user, setup_id=started.id)                   the card page, after cards.start_setup
    signup = complete(signup.token, user=user, setup_id=…, now=now)              the return from the card page;
    repeatable

`complete` leaves the sign-up COMPLETED, FAILED (with a message, nothing charged), or OPEN: then its payment waits for
the customer's bank, or its outcome is not known yet.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.billing import cards, collection, invoices, janitor
from apps.billing.drafts import Draft
from apps.billing.models import Card, Invoice, Payment
from apps.promotions import rules as discounts
from apps.promotions import services as promotions
from apps.promotions.models import Promotion

from . import lifecycle, quotes
from .errors import NotOpen, QuoteChanged, TrialUsed, UnknownPlan
from .models import EndReason, Period, Signup, SignupStatus, Subscription
from .services import closing, finding, settling, trying


@transaction.atomic
def start(
    user: User,
    price_id: int,
    *,
    terms_version: str,
    terms_text: str,
    now: datetime,
    quantity: int = 1,
    promotion: Promotion | None = None,
    source: str = "signup",
) -> Signup:
    """Note what the customer agreed to: the quote as shown and the terms with their text.

    Raises UnknownPlan, ClosedPlan, AlreadySubscribed, QuantityRefused, promotions' NotRedeemable and billing's
    NoTaxRate; nothing is changed then.
    """
    price = finding.price_on_sale(price_id, now=now)
    if price.is_free:
        raise UnknownPlan(_("A free plan needs no card."))
    finding.check_quantity(price, quantity)
    finding.refuse_second(user, price)
    if promotion is not None:
        promotions.check(promotion, customer=user, now=now)
        if not discounts.applies(promotion, price.currency):
            raise promotions.NotRedeemable(_("This promotion is not for prices in this currency."))
    with override(user.locale):
        quote = quotes.first_charge(price, customer=user, promotion=promotion, quantity=quantity, now=now)
    signup = Signup(
        customer=user, price=price, quantity=quantity, promotion=promotion, quote=quote.as_json(), created_at=now
    )
    signup.consent = accounts.record_consent(
        user,
        kind="subscription_terms",
        version=terms_version,
        text=terms_text,
        granted=True,
        source=source,
        now=now,
        key=f"signup:{signup.token}",
    )
    signup.save()
    return signup


@transaction.atomic
def attach_setup(token: UUID | str, *, user: User, setup_id: str) -> Signup:
    """Note the card set-up that belongs to an open sign-up; a page opened again brings another one. Raises NotOpen."""
    signup = _mine(token, user, lock=True)
    if signup.status != SignupStatus.OPEN or signup.subscription_id is not None:
        raise NotOpen(_("This sign-up is finished."))
    signup.setup_id = setup_id
    signup.save(update_fields=["setup_id"])
    return signup


def complete(token: UUID | str, *, user: User, setup_id: str, now: datetime) -> Signup:
    """Save the card, charge the first period and start the membership; where a free trial was agreed to, nothing is
    charged. Repeating it never charges twice.

    Talks to the gateway: never call it inside a transaction. Raises NotOpen for a sign-up that is not theirs, billing's
    SetupRefused for a card set-up that is not this sign-up's, and what `start` raises when the plan was closed or the
    customer became a member in the meantime; nothing is charged then, and no card is saved. Raises TrialUsed when the
    card, or the customer, had a trial before: nothing is charged, the card is saved, and the customer can agree to pay.
    """
    signup = _mine(token, user)
    if signup.status != SignupStatus.OPEN:
        return signup
    if signup.subscription_id is None:
        if signup.setup_id is not None and signup.setup_id != setup_id:
            raise cards.SetupRefused("foreign")
        _refuse_if_not_possible(signup, now=now)
        card = cards.complete_setup(user, setup_id, now=now)
        _subscribe(signup.pk, card, setup_id=setup_id, now=now)
    return resume(token, user=user, now=now)


def complete_with_card(token: UUID | str, *, user: User, card_id: int, now: datetime) -> Signup:
    """Like `complete`, with a card that the customer has saved before; it is the one charged from now on.

    Talks to the gateway: never call it inside a transaction. Raises what `complete` does, and Card.DoesNotExist for a
    card that was removed or is not theirs; nothing is charged then.
    """
    signup = _mine(token, user)
    if signup.status != SignupStatus.OPEN:
        return signup
    if signup.subscription_id is None:
        _refuse_if_not_possible(signup, now=now)
        with transaction.atomic():
            _subscribe(signup.pk, cards.make_default(user, card_id), setup_id=signup.setup_id, now=now)
    return resume(token, user=user, now=now)


def resume(token: UUID | str, *, user: User, now: datetime) -> Signup:
    """Go on with the first payment: charge it if nobody has, or ask what became of it. Repeatable.

    Talks to the gateway. Raises NotOpen for a sign-up that is not theirs.
    """
    signup = _mine(token, user)
    payment = payment_of(signup)
    if signup.status != SignupStatus.OPEN or payment is None:
        return signup
    if payment.status == Payment.Status.PENDING:
        collection.collect_now(payment.pk, now=now)
    elif payment.is_open:
        payment = janitor.check(payment.pk, now=now)
    if payment.status == Payment.Status.CANCELLED and signup.subscription_id is not None:
        closing.expire_incomplete(
            signup.subscription_id, reason=EndReason.ABANDONED, message=_("The payment was not made."), now=now
        )
    return _mine(token, user)


def payment_of(signup: Signup) -> Payment | None:
    """The latest payment of a sign-up's first invoice; None before the card, or when nothing was due."""
    if signup.subscription_id is None:
        return None
    return Payment.objects.filter(invoice__periods__subscription=signup.subscription_id).order_by("-attempt").first()


def _refuse_if_not_possible(signup: Signup, *, now: datetime) -> None:
    """Refuse before a card is saved; `_subscribe` looks again under the lock."""
    finding.refuse_second(signup.customer, finding.price_on_sale(signup.price_id, now=now))


@transaction.atomic
def _subscribe(signup_id: int, card: Card, *, setup_id: str | None, now: datetime) -> None:
    """The contract, its first invoice and the pending payment, all or nothing. `setup_id` is None for a card that was
    saved before any card page of this sign-up was opened."""
    customer = Signup.objects.select_related("customer").get(pk=signup_id).customer
    finding.lock_customer(customer)
    signup = Signup.objects.select_for_update(of=("self",)).select_related("promotion").get(pk=signup_id)
    if signup.subscription_id is not None or signup.status != SignupStatus.OPEN:
        return
    price = finding.price_on_sale(signup.price_id, now=now)
    finding.refuse_second(customer, price)
    closing.retire_unfinished(customer, group=price.plan.group, now=now)
    finding.check_quantity(price, signup.quantity)
    promotion, quantity = signup.promotion, signup.quantity
    with override(customer.locale):
        quote = quotes.first_charge(price, customer=customer, promotion=promotion, quantity=quantity, now=now)
    _refuse_other_than_agreed(signup, quote)
    subscription = Subscription(
        customer=customer,
        price=price,
        plan=price.plan,
        plan_group=price.plan.group,
        quantity=signup.quantity,
        anchor=quote.period.end if quote.trial_days else now,
        zone=customer.time_zone,
        current_start=quote.period.start,
        current_end=quote.period.end,
        created_at=now,
    )
    if signup.promotion is not None:
        key = closing.redemption_key(signup)
        promotions.redeem(signup.promotion.pk, customer=customer, key=key, now=now)
        subscription.promotion = signup.promotion
        subscription.promotion_periods_left = signup.promotion.periods_granted()
        if not quote.trial_days:
            subscription.use_discounted_period()
    subscription.save()
    signup.subscription = subscription
    signup.setup_id = setup_id
    signup.save(update_fields=["subscription", "setup_id"])
    if quote.trial_days:
        trying.begin(subscription, card=card, now=now)
        lifecycle.complete_signup(signup, now=now)
    else:
        _bill(signup, subscription, quote, card, now=now)


def _refuse_other_than_agreed(signup: Signup, quote: quotes.FirstCharge) -> None:
    """What the customer saw and agreed to is what happens, or nothing does."""
    if signup.quote.get("trial_days", 0) and quote.trial_refused:
        raise TrialUsed(_("This card, or you, had a free trial before, and everybody has one. Nothing was charged."))
    agreed = (signup.quote["total_minor"], signup.quote.get("trial_days", 0))
    if (quote.total.minor, quote.trial_days) != agreed:
        raise QuoteChanged(_("The amounts have changed since you saw them. Please look at them again."))


def _bill(signup: Signup, subscription: Subscription, quote: quotes.FirstCharge, card: Card, *, now: datetime) -> None:
    draft = Draft(
        customer=subscription.customer,
        key=f"signup:{signup.token}",
        currency=quote.total.currency,
        reason="signup",
        lines=list(quote.lines),
        taxation=quote.taxation,
        country=quote.sent_to,
        card_id=card.pk,
        on_session=True,
        collect_at=now,
    )
    [invoice] = invoices.issue([draft], now=now)
    Period.objects.create(
        subscription=subscription,
        number=0,
        start=quote.period.start,
        end=quote.period.end,
        price=quote.price,
        promotion=signup.promotion,
        invoice=invoice,
        currency=invoice.currency,
        gross_minor=quote.total.minor,
        tax_minor=quote.tax.minor,
        tax_basis_points=quote.tax_basis_points,
    )
    if invoice.status == Invoice.Status.PAID:
        # Nothing was due. The signal went out before the period was there to be found.
        settling.paid([invoice.pk], now=now)


def _mine(token: UUID | str, user: User, *, lock: bool = False) -> Signup:
    rows = Signup.objects.select_related("price__plan", "subscription", "promotion", "customer")
    if lock:
        rows = rows.select_for_update(of=("self",))
    signup = rows.filter(token=token, customer=user).first()
    if signup is None:
        raise NotOpen(_("There is no such sign-up."))
    return signup
