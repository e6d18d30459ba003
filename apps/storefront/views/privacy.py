"""What the shop knows about a customer: a copy of it, and its erasure."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts import erasing, exporting
from apps.accounts.models import DataExport, Erasure, ExportStatus
from apps.core import clock, privacy

from ..signed_in import SignedInRequest


@login_required
@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """What is stored and why, the copy, the erasure."""
    context = {
        "parts": privacy.parts(),
        "export": DataExport.objects.of(request.user),
        "erasure": Erasure.objects.filter(user=request.user).first(),
        "obstacles": erasing.obstacles(request.user),
    }
    return render(request, "storefront/account/privacy.html", context)


@login_required
@require_POST
def ask_export(request: SignedInRequest) -> HttpResponse:
    """Have a worker make the copy."""
    exporting.request(request.user, now=clock.now())
    messages.success(request, _("We are putting it together. A message comes to you within minutes."))
    return redirect("privacy")


@login_required
@never_cache
@require_safe
def download(request: SignedInRequest) -> HttpResponse:
    """The file, for the person it is about."""
    ready = DataExport.objects.filter(user=request.user, status=ExportStatus.READY, expires_at__gt=clock.now()).first()
    if ready is None or ready.content is None:
        raise Http404
    return HttpResponse(
        bytes(ready.content),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="orangery-{ready.requested_at:%Y-%m-%d}.zip"'},
    )


@login_required
@require_POST
def ask_erasure(request: SignedInRequest) -> HttpResponse:
    """Send the letter with the link that confirms."""
    try:
        erasing.request(request.user, now=clock.now())
        messages.success(request, _("We have written to you. Nothing is erased before you confirm it from your mail."))
    except erasing.CannotErase as refusal:
        messages.error(request, str(refusal))
    return redirect("privacy")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_erasure(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Where the letter leads. Reading changes nothing: programs follow links too."""
    erasure = Erasure.objects.filter(secret=secret).first()
    if erasure is None:
        raise Http404
    context: dict[str, object] = {"erasure": erasure}
    if request.method == "POST":
        try:
            context["erasure"] = erasing.confirm(secret, now=clock.now())
            if request.user.pk == erasure.user_id:
                logout(request)
        except erasing.CannotErase as refusal:
            return render(
                request, "storefront/account/erase.html", context | {"obstacles": refusal.obstacles}, status=409
            )
    return render(request, "storefront/account/erase.html", context)
