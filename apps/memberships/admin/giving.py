"""The page on which staff give a membership with the shop's compliments."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import clock
from apps.memberships import services
from apps.memberships.errors import Refused
from apps.memberships.forms import ComplimentaryForm


def give(page: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Who gets which plan, why, and until which day (that day included, where the customer lives)."""
    form = ComplimentaryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        customer = User.objects.filter(email=facts["email"].lower()).first()
        if customer is None:
            form.add_error("email", _("There is no customer with this address."))
        else:
            last = facts["last_day"]
            day_after = last and datetime.combine(last + timedelta(days=1), time(), tzinfo=ZoneInfo(customer.time_zone))
            try:
                given = services.give_complimentary(
                    customer,
                    facts["plan"],
                    reason=facts["reason"],
                    ends_at=day_after,
                    actor=request.user.get_username(),
                    now=clock.now(),
                )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The membership is given, and the customer has been written to."))
                return redirect(reverse("admin:memberships_subscription_change", args=[given.pk]))
    context = {**page.admin_site.each_context(request), "title": _("Give a membership"), "form": form}
    return render(request, "memberships/admin/give.html", context)
