"""The page on which a member agrees to a new price, or keeps the old one: from the account or from our mails."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.memberships import emails
from apps.memberships.errors import Refused
from apps.memberships.models import PricePromise, WithoutConsent
from apps.memberships.services import promises

from .. import terms
from ..forms import ConsentForm


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def price_change(request: HttpRequest, token: str) -> HttpResponse:
    """Both prices, the date, what follows, and the two answers. The signed link is the way in; looking changes nothing.

    Somebody signed in as another customer does not find it: a forwarded mail must not answer for its owner.
    """
    now = clock.now()
    promise = _promise(request, token)
    form = _form(request, promise) if promise.is_answerable_at(now) else None
    if request.method == "POST":
        return _answer(request, promise, form, now=now)
    return _page(request, promise, form)


def _promise(request: HttpRequest, token: str) -> PricePromise:
    try:
        promise = PricePromise.objects.by_token(token)
    except PricePromise.DoesNotExist as problem:
        raise Http404 from problem
    if request.user.is_authenticated and request.user.pk != promise.subscription.customer_id:
        raise Http404
    return promise


def _form(request: HttpRequest, promise: PricePromise) -> ConsentForm:
    # The fingerprint holds both texts and who leaves: an answer counts only for what was on the screen.
    agreement, refusal = terms.new_price(promise), terms.no_new_price(promise)
    data = request.POST if request.method == "POST" else None
    return ConsentForm(data, text=agreement.text, facts=[refusal.text, promise.applies_from.isoformat()])


def _answer(request: HttpRequest, promise: PricePromise, form: ConsentForm | None, *, now: datetime) -> HttpResponse:
    if form is None:
        messages.error(request, _("This can no longer be answered. Your account shows the price you pay."))
        return redirect(request.path)
    if form.is_outdated:
        messages.warning(request, _("This page has changed since you opened it. Please read it again."))
        return redirect(request.path)
    answer = request.POST.get("answer")
    if answer not in ("agree", "refuse"):
        messages.error(request, _("Please choose one of the two answers."))
        return redirect(request.path)
    agrees = answer == "agree"
    if agrees and not form.is_valid():
        return _page(request, promise, form, status=400)
    term = terms.new_price(promise) if agrees else terms.no_new_price(promise)
    customer = request.user if request.user.is_authenticated else None
    say = promises.agree if agrees else promises.refuse
    try:
        say(
            promise.pk,
            text=term.text,
            version=term.version,
            source="account" if customer else "mail",
            customer=customer,
            now=now,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(request.path)
    messages.success(request, _thanks(promise, agrees=agrees))
    return redirect(request.path)


def _thanks(promise: PricePromise, *, agrees: bool) -> str:
    date = terms.local_date(promise.applies_from, promise.subscription.customer.time_zone)
    if agrees:
        return _("Thank you. You pay %(new)s from %(date)s on.") % {"new": promise.new_total, "date": date}
    if promise.change.without_consent == WithoutConsent.END and promise.old_price.plan.sends_goods:
        return _("Your subscription ends on %(date)s. Until then you can change your answer.") % {"date": date}
    if promise.change.without_consent == WithoutConsent.END:
        return _("Your membership ends on %(date)s. Until then you can change your answer.") % {"date": date}
    return _("You keep your price of %(old)s.") % {"old": promise.old_total}


def _page(request: HttpRequest, promise: PricePromise, form: ConsentForm | None, *, status: int = 200) -> HttpResponse:
    context = {
        "promise": promise,
        "form": form,
        "refusal": terms.no_new_price(promise).text,
        "every": terms.how_often(promise),
        "difference": promise.difference,
        "sends_goods": promise.old_price.plan.sends_goods,
        "pages": emails.about(promise.old_price.plan),
    }
    return render(request, "storefront/account/price_change.html", context, status=status)
