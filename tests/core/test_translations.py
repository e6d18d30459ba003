"""What the merchant writes in several languages: which text is read, what is missing, and what the database knows."""

import pytest
from django.utils.translation import override

from apps.catalog.models import Category, GuideView, Product, Variant
from apps.core import translations
from apps.core.privacy import rows
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db


def read(row: Category, language: str) -> tuple[str, str]:
    with override(language):
        return row.name_i18n, row.summary_i18n


def test_a_text_is_read_in_the_active_language_and_else_in_the_original():
    catalog.category(slug="trees", name="Trees", summary="To grow", name_it="Alberi", summary_it="", name_ro="Pomi")
    row = Category.objects.get(slug="trees")
    assert read(row, "it") == ("Alberi", "To grow")
    assert read(row, "ro") == ("Pomi", "To grow")
    assert read(row, "fr") == ("Trees", "To grow")
    assert read(row, "en") == ("Trees", "To grow")
    assert read(row, "de") == ("Trees", "To grow")


def test_a_variant_is_called_in_the_active_language():
    pot = catalog.product(name="Pot", name_it="Vaso")
    large = catalog.variant(pot, name="large", name_it="grande")
    assert str(large) == "Pot, large"
    with override("it"):
        assert str(large) == "Vaso, grande"
        assert str(pot.variants.get(name="")) == "Vaso"


@pytest.mark.parametrize(("language", "name"), [("en", "Pot"), ("it", "Vaso"), ("fr", "Pot"), ("ro", "Pot")])
def test_the_database_reads_the_same_over_relations(language, name):
    catalog.product(name="Pot", name_it="Vaso", i18n={"name_ro": ""})
    with override(language):
        values = Variant.objects.annotate(called=translations.text("product__name")).values_list("called", flat=True)
        assert list(values) == [name]


def test_rows_of_a_copy_are_in_the_active_language():
    pot = catalog.product(name="Pot", name_it="Vaso")
    GuideView.objects.create(product=pot, customer=accounts.customer(), locked=False, at=accounts.JOINED)
    views = GuideView.objects.all()
    with override("it"):
        assert rows(views, "product__name", "product__slug", "locked") == [
            {"product__name": "Vaso", "product__slug": pot.slug, "locked": False}
        ]
    assert rows(views, "product__name") == [{"product__name": "Pot"}]


def test_what_is_written_in_the_original_alone_is_missing():
    written = catalog.category(name="Trees", name_it="Alberi")
    half = catalog.category(name="Pots", summary="To plant in", name_it="Vasi")
    none = catalog.category(name="Feed")
    empty = catalog.category(name="Books", i18n={"name_it": ""})
    missing = Category.objects.filter(translations.missing(Category, "it"))
    assert set(missing) == {half, none, empty}
    assert written in Category.objects.filter(translations.missing(Category, "fr"))


def test_a_part_that_is_missing_is_missing_of_the_whole():
    texts = {"name_it": "Vaso", "summary_it": "Una cosa utile"}
    whole, holed = catalog.product(**texts), catalog.product(**texts)
    catalog.variant(whole, name="large", name_it="grande")
    catalog.variant(holed, name="large")
    missing = translations.missing(Product, "it", ["variants", "slots", "pictures", "guide"])
    assert set(Product.objects.filter(missing)) == {holed}
    assert not Product.objects.filter(translations.missing(Product, "it")).exists()


def test_all_that_a_field_says():
    row = catalog.category(name="Grove", name_it="Agrumeto", name_fr="Grove")
    assert translations.all_of(row, "name") == ["Grove", "Agrumeto"]


def test_the_shop_itself_writes_in_each_language():
    with override("fr"):
        columns = translations.in_each("name", lambda: f"in {translations.active()}")
        assert translations.active() == "fr"
    assert columns == {"name": "in en", "name_it": "in it", "name_fr": "in fr", "name_ro": "in ro"}
