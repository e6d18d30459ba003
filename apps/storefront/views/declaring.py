"""Cancel contract here, withdraw from contract here: without a login, and the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import User
from apps.core import clock
from apps.memberships.declarations import declaring, undoing, words
from apps.memberships.errors import Refused, TooManyDeclarations
from apps.memberships.models import Declaration, DeclarationKind, Handling

from ..declaration_forms import DeclarationForm

_PAGES: Mapping[str, Mapping[str, Any]] = {
    DeclarationKind.CANCEL: {
        "title": _("Cancel contract here"),
        "summary": _("Cancel a contract with us, without signing in. You get a receipt at once."),
        "lead": _("No sign-in, and no reason needed. You get a receipt at once, here and by e-mail."),
    },
    DeclarationKind.WITHDRAW: {
        "title": _("Withdraw from contract here"),
        "summary": _("Withdraw from a contract within 14 days, without signing in. You get a receipt at once."),
        "lead": _(
            "Within 14 days, without a reason and without signing in. You get a receipt at once, here and by e-mail."
        ),
    },
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Cancel contract here."""
    return _declare(request, DeclarationKind.CANCEL)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Withdraw from contract here."""
    return _declare(request, DeclarationKind.WITHDRAW)


@never_cache
@require_safe
def receipt(request: HttpRequest, token: UUID) -> HttpResponse:
    """What arrived and when, for whoever declared it; nothing of what becomes of it."""
    declaration = get_object_or_404(Declaration, token=token)
    context = {"declaration": declaration, "received_at": words.moment(declaration.declared_at)}
    return render(request, "storefront/contract/receipt.html", context)


@never_cache
@require_safe
def receipt_text(request: HttpRequest, token: UUID) -> HttpResponse:
    """The receipt as a text file, to keep."""
    declaration = get_object_or_404(Declaration, token=token)
    facts = {"shop": settings.SHOP_NAME, "moment": words.moment(declaration.declared_at)}
    received = _text("Received by %(shop)s on %(moment)s") % facts
    reference = _text("Reference: %(token)s") % {"token": declaration.token}
    name = f"{declaration.kind}-{declaration.declared_at:%Y-%m-%d}.txt"
    return HttpResponse(
        f"{received}\n{reference}\n\n{declaration.words}\n",
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def letter(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Where the letter leads: what became of the declaration, Undo, and Do not wait. Reading changes nothing."""
    handling = Handling.objects.select_related("declaration", "subscription__plan").filter(secret=secret).first()
    if handling is None:
        raise Http404
    if request.method == "POST":
        try:
            _answer(request, secret)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("contract_letter", secret=secret)
    context = {
        "handling": handling,
        "declaration": handling.declaration,
        "received_at": words.moment(handling.declaration.declared_at),
    }
    return render(request, "storefront/contract/letter.html", context)


def _answer(request: HttpRequest, secret: UUID) -> None:
    now = clock.now()
    if request.POST.get("step") == "confirm":
        undoing.confirm(secret, now=now)
        messages.success(request, _text("It is carried out."))
    else:
        undoing.undo(secret, now=now)
        messages.success(request, _text("It is undone: nothing ends."))


def _declare(request: HttpRequest, kind: str) -> HttpResponse:
    """The form; then the same words to look at once more; then the receipt."""
    now = clock.now()
    person = request.user if isinstance(request.user, User) else None
    form = DeclarationForm(
        request.POST if request.method == "POST" else None, kind=kind, today=now.date(), person=person
    )
    context = {"form": form, "kind": kind, "page": _PAGES[kind]}
    if request.method != "POST" or "change" in request.POST or not form.is_valid():
        status = 400 if form.errors and "change" not in request.POST else 200
        return render(request, "storefront/contract/declare.html", context, status=status)
    declared = form.declared()
    if "confirm" not in request.POST:
        return render(request, "storefront/contract/confirm.html", context | {"rows": declared.lines()})
    try:
        declaration = declaring.declare(
            declared, token=form.cleaned_data["token"], client=get_adapter().get_client_ip(request), now=now
        )
    except TooManyDeclarations as refusal:
        form.add_error(None, str(refusal))
        return render(request, "storefront/contract/declare.html", context, status=429)
    return redirect("contract_receipt", token=declaration.token)
