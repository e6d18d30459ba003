"""The messages that the shop sent to the signed-in customer. Those that held a way into the account are listed, and
their words are not shown: whoever sits at an open browser should not find one."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.mail import letter
from apps.mail.models import Message, MessageQuerySet

from ..signed_in import SignedInRequest

MESSAGES_ON_A_PAGE = 24


@login_required
@require_safe
def inbox(request: SignedInRequest) -> HttpResponse:
    """All that has left, newest first."""
    found = _sent(request).defer("html", "text", "context", "headers")
    page = Paginator(found, MESSAGES_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "storefront/account/messages.html", {"page": page})


@login_required
@require_safe
def message(request: SignedInRequest, pk: int) -> HttpResponse:
    """One message, its letter in a frame."""
    found = get_object_or_404(_sent(request).filter(secret=False), pk=pk)
    return render(request, "storefront/account/message.html", {"message": found, "sandbox": letter.SANDBOX})


@letter.framed
@never_cache
@login_required
@require_safe
def html(request: SignedInRequest, pk: int) -> HttpResponse:
    """The letter itself, for the frame."""
    return letter.page(get_object_or_404(_sent(request).filter(secret=False), pk=pk))


def _sent(request: SignedInRequest) -> MessageQuerySet:
    return Message.objects.of_user(request.user.pk).delivered()
