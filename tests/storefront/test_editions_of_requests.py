"""What a request keeps, it keeps under the edition that it asked for first; a later one would be wrong."""

import pytest
from django.test import RequestFactory

from apps.catalog.models import Category
from apps.core.models import Edition
from apps.storefront import kept, visitor
from tests.factories import memberships

pytestmark = pytest.mark.django_db


def test_an_edit_in_the_middle_of_a_request_does_not_date_what_was_read_before_it(
    stocked, gateway, now, rf: RequestFactory
):
    request = rf.get("/shop/")
    request.user = memberships.member(gateway, now=now).customer
    first = kept.marks(request)
    old = kept.read(request, "rooms-before", lambda: Category.objects.get(slug="trees").name)
    Category.objects.filter(slug="trees").update(name="EDITED")
    assert visitor.sees(request, now=now).rank == 2
    assert kept.marks(request) == first != Edition.objects.current()
    later = rf.get("/shop/")
    assert (old, kept.read(later, "rooms-before", lambda: "EDITED")) == ("Citrus trees", "EDITED")


def test_the_edition_comes_with_the_membership(stocked, gateway, now, rf: RequestFactory, django_assert_num_queries):
    request = rf.get("/shop/")
    request.user = memberships.member(gateway, now=now).customer
    with django_assert_num_queries(1):
        visitor.sees(request, now=now)
        found = kept.marks(request)
    assert found == Edition.objects.current()
