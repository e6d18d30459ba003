"""The demo's catalogue."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from apps.catalog import demo
from apps.catalog.models import Category, Guide, Kind, Product, ProductPrice, ProductStatus, Variant
from apps.core import translations
from apps.memberships import demo as plans
from apps.memberships.models import Benefit, Plan
from apps.orders.models import ShippingRate
from apps.promotions.models import Promotion
from tests.factories import catalog

STATIC = Path(settings.BASE_DIR) / "static"
pytestmark = pytest.mark.django_db


def test_it_is_complete():
    demo.build(now=catalog.STOCKED)
    assert Category.objects.count() == 6
    assert Product.objects.published().goods().count() == 29
    assert Product.objects.published().guides().count() == 9
    assert ProductPrice.objects.filter(currency="EUR").count() == 34
    assert ProductPrice.objects.filter(currency="USD").count() == 34
    assert Guide.objects.count() == 9
    assert list(Product.objects.guides().filter(member_min_rank=None).values_list("slug", flat=True)) == [
        "guide-watering",
        "guide-first-tree",
    ]
    assert not Product.objects.goods().filter(companion=None).exists()


def test_a_second_time_changes_nothing_not_even_what_staff_edited():
    demo.build(now=catalog.STOCKED)
    Product.objects.filter(slug="secateurs").update(name="Shears", status=ProductStatus.RETIRED, companion=None)
    before = list(Product.objects.order_by("pk").values())
    demo.build(now=catalog.STOCKED)
    assert list(Product.objects.order_by("pk").values()) == before
    assert ProductPrice.objects.count() == 68


def test_every_picture_is_there_and_is_a_safe_drawing():
    demo.build(now=catalog.STOCKED)
    rooms = [category.picture for category in Category.objects.all()]
    for picture in [*rooms, *Product.objects.values_list("picture", flat=True)]:
        source = (STATIC / picture).read_text()
        assert ET.fromstring(source).tag == "{http://www.w3.org/2000/svg}svg"
        assert not re.search(r"<script|style=|href=\"(?!#)|\son\w+=", source), picture


def test_members_pay_less_for_all_goods():
    demo.build(now=catalog.STOCKED)
    assert not ProductPrice.objects.filter(member_amount_minor=None).exists()


def test_guides_are_worth_reading():
    demo.build(now=catalog.STOCKED)
    assert {guide.minutes for guide in Guide.objects.all()} <= {1, 2, 3}
    assert all(len(guide.body.split()) > 150 for guide in Guide.objects.all())
    assert set(Product.objects.guides().values_list("kind", flat=True)) == {Kind.GUIDE}


@pytest.mark.parametrize("language", translations.languages())
def test_all_that_is_written_is_written_in_every_language_and_fits(language):
    catalog.stock()
    demo.build_boxes(now=catalog.STOCKED)
    plans.build_plans(now=catalog.STOCKED)
    plans.build_boxes(now=catalog.STOCKED)
    parts = {Product: ["variants", "slots", "guide"], Plan: ["benefits"], Category: [], Promotion: [], ShippingRate: []}
    for model, belonging in parts.items():
        assert model.objects.exists()
        assert not model.objects.filter(translations.missing(model, language, belonging)).exists(), model
    for row in [*Product.objects.all(), *Variant.objects.all(), *Plan.objects.all(), *Benefit.objects.all()]:
        for name in translations.fields(type(row)):
            field = row._meta.get_field(f"{name}_{language}")
            field.run_validators(getattr(row, field.name) or "")


def test_facts_say_as_much_in_every_language():
    catalog.stock()
    for product in Product.objects.all():
        counted = set()
        for language, _name in settings.LANGUAGES:
            with override(language):
                counted.add(len(product.facts))
        assert len(counted) == 1, product.slug
