"""Stopping marketing mail, without a login."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.core import clock

from . import services


# A mail program presses the button for the person (RFC 8058), so there is neither session nor CSRF token: the signed
# address is the proof. Reading the page changes nothing, since scanners follow links.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(View):
    """GET shows a button; POST stops marketing mail at once."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            person = services.whom_to_unsubscribe(token)
        except services.UnsubscribeLinkError:
            return self._refuse(request)
        return self._page(request, done=not person.accepts_marketing, email=person.email)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            person = services.unsubscribe(token, now=clock.now())
        except services.UnsubscribeLinkError:
            return self._refuse(request)
        return self._page(request, done=True, email=person.email)

    def _page(self, request: HttpRequest, *, done: bool, email: str) -> HttpResponse:
        return render(request, "accounts/unsubscribe.html", {"done": done, "masked_email": mask(email)})

    def _refuse(self, request: HttpRequest) -> HttpResponse:
        return render(request, "accounts/unsubscribe.html", {"refused": True}, status=404)


def mask(email: str) -> str:
    """The address with most of its name hidden: a forwarded link should not tell who it belongs to."""
    name, _, domain = email.partition("@")
    return f"{name[0]}…@{domain}"
