"""Growing guides: a preview for everybody, the whole text for whom it is meant."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.catalog import rules, services, text
from apps.catalog.models import Product
from apps.core import clock
from apps.memberships.models import MEMBERSHIP, Plan

from .. import kept_pages, reading, structured, visitor

_MORE = 3


@require_safe
@kept_pages.for_nobody
def guides(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    standing = visitor.standing(request.user, now=now)
    found = Product.objects.published().readable()
    context = {"guides": reading.cards(found, standing=standing, now=now), "standing": standing}
    return render(request, "storefront/guides.html", context)


@require_safe
@kept_pages.for_nobody
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    now = clock.now()
    published = Product.objects.published().guides().select_related("guide", "cover")
    found = get_object_or_404(published.defer("search", "names").filter(guide__isnull=False), slug=slug)
    standing = visitor.standing(request.user, now=now)
    access = reading.access(found, standing=standing, now=now)
    locked = not access.is_open
    if request.user.is_authenticated and request.method == "GET":
        services.record_view(found, customer=request.user, locked=locked, now=now)
    more = Product.objects.published().exclude(pk=found.pk).readable()[:_MORE]
    trail = [{"label": _("Growing guides"), "href": reverse("guides")}, {"label": found.name_i18n}]
    context = {
        "guide": found,
        "minutes": found.guide.minutes,
        "locked": locked,
        "preview": text.render(found.description_i18n),
        "headings": rules.headings(found.guide.body_i18n) if locked else [],
        "body": "" if locked else text.render(found.guide.body_i18n),
        "opens_at": access.opens_at,
        "opening_plan": _opening_plan(found) if locked and access.opens_at is None else None,
        "has_because": not locked and not found.is_open_to_all,
        "read_so_far": 0 if locked or found.is_open_to_all else reading.read_so_far(standing),
        "standing": standing,
        "more": reading.cards(more, standing=standing, now=now),
        "trail": trail,
        "structured": [structured.guide(found, is_free=found.is_open_to_all), structured.trail(trail)],
        "social_picture": structured.picture(found),
    }
    return render(request, "storefront/guide.html", context)


def _opening_plan(found: Product) -> Plan | None:
    """The lowest plan on sale that opens the guide."""
    return Plan.objects.on_sale().filter(group=MEMBERSHIP, rank__gte=found.member_min_rank).order_by("rank").first()
