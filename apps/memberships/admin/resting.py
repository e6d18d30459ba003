"""The page on which staff pause a membership for its customer."""

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core import clock
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.forms import PauseLengthForm
from apps.memberships.models import Subscription


def pause(page: ModelAdmin, request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Choose how long; the limits of the plan hold for staff too."""
    rows = Subscription.objects.select_related("customer", "plan", "price__plan")
    subscription = get_object_or_404(rows, pk=subscription_id)
    back = redirect(reverse("admin:memberships_subscription_change", args=[subscription.pk]))
    now = clock.now()
    try:
        choice = services.pause_choice(subscription, now=now)
        form = PauseLengthForm(request.POST or None, choice=choice)
        if request.method == "POST" and form.is_valid():
            services.request_pause(
                subscription.pk,
                months=form.cleaned_data["months"],
                customer=subscription.customer,
                actor=request.user.get_username(),
                now=now,
            )
            messages.success(request, _("The pause is planned, and the customer has been written to."))
            return back
    except Refused as refusal:
        messages.error(request, str(refusal))
        return back
    context = {**page.admin_site.each_context(request), "title": _("Pause"), "subscription": subscription, "form": form}
    return render(request, "memberships/admin/pause.html", context)
