"""The mailbox of the demo: what the shop has sent, to whomever. It exists in the demo only."""

from functools import wraps

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import letter
from .models import Message

PAGE = 30


def demo_only(view):
    """404 outside the demo, where anybody could otherwise read anybody's mail."""

    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(require_safe(guarded))


@demo_only
def mailbox(request: HttpRequest) -> HttpResponse:
    """Delivered mail, newest first; `?to=` keeps the addresses that contain it."""
    to = request.GET.get("to", "").strip()
    messages = Message.objects.delivered().addressed_like(to).defer("html", "text", "context", "headers")
    page = Paginator(messages, PAGE).get_page(request.GET.get("page"))
    return render(request, "mail/mailbox.html", {"page": page, "to": to})


@demo_only
def mailbox_message(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivered mail: its head, its HTML in a frame, its text."""
    message = get_object_or_404(Message.objects.delivered(), pk=pk)
    return render(request, "mail/mailbox_message.html", {"message": message, "sandbox": letter.SANDBOX})


@letter.framed
@demo_only
def mailbox_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of one delivered mail, for the frame."""
    return letter.page(get_object_or_404(Message.objects.delivered(), pk=pk))
