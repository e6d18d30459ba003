"""Writing a review of what one has bought."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.catalog import reviews
from apps.catalog.models import Product, Review
from apps.core import clock

from ..review_form import ReviewForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, slug: str) -> HttpResponse:
    """A buyer's review: new, or their own once more. Everybody else is told why not."""
    found = get_object_or_404(Product.objects.published().goods().defer("search", "names"), slug=slug)
    if not reviews.may_review(found, request.user):
        messages.info(request, str(reviews.NotABuyer()))
        return redirect(found)
    written = Review.objects.filter(product=found, customer=request.user.pk).first()
    known = {"rating": written.rating, "title": written.title, "text": written.text} if written else {}
    form = ReviewForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        reviews.submit(found, customer=request.user, now=clock.now(), **form.cleaned_data)
        messages.success(request, _("Thank you. It is shown here once somebody of the shop has read it."))
        return redirect(found)
    trail = [
        {"label": _("Shop"), "href": reverse("catalogue")},
        {"label": found.name_i18n, "href": found.get_absolute_url()},
        {"label": _("Your review")},
    ]
    return render(request, "storefront/review.html", {"product": found, "form": form, "trail": trail})
