"""What customers set about themselves: how they are called and served, marketing mail, open sign-ins."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.forms import ManageUserSessionsForm
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import consents, services
from apps.accounts.models import Consent, User
from apps.core import clock

from ..preference_forms import PreferencesForm
from ..signed_in import SignedInRequest

CONSENTS_SHOWN = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: SignedInRequest) -> HttpResponse:
    """Everything on one page; the form is about the person, the rest has buttons of its own."""
    # A copy: a refused form must not change the name that the header shows.
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=_fresh(request.user))
    if request.method == "POST" and form.is_valid():
        services.set_preferences(request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("settings")
    mine = UserSession.objects.filter(user=request.user).order_by("-last_seen_at")
    context = {
        "form": form,
        "marketing_text": consents.marketing_text(),
        "consents": Consent.objects.filter(user=request.user).order_by("-at", "-pk")[:CONSENTS_SHOWN],
        "sessions": [(session, session.session_key == request.session.session_key) for session in mine],
        "is_verified": EmailAddress.objects.filter(user=request.user, email=request.user.email, verified=True).exists(),
        "has_second_factor": Authenticator.objects.filter(user=request.user).exists(),
    }
    return render(request, "storefront/account/settings.html", context, status=400 if form.errors else 200)


@login_required
@require_POST
def marketing(request: SignedInRequest) -> HttpResponse:
    """Turn marketing mail on or off, with evidence."""
    granted = request.POST.get("granted") == "yes"
    if services.set_marketing(request.user, granted=granted, source="account", now=clock.now()):
        messages.success(request, _("You will hear from us.") if granted else _("You get no more marketing mail."))
    return redirect("settings")


@login_required
@require_POST
def end_sessions(request: SignedInRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    form = ManageUserSessionsForm(request.POST, request=request)
    if form.is_valid():
        form.save(request)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("settings")


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)
