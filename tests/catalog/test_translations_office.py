"""Staff write in several languages beside the original, and see what is missing."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.catalog.models import Guide, Product, Variant
from tests.factories import accounts, catalog

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(accounts.staff())
    return client


def form_of(office, product: Product) -> dict[str, str]:
    """What the product's page would send if nothing were changed."""
    page = office.get(reverse("admin:catalog_product_change", args=[product.pk]))
    forms = [page.context["adminform"].form]
    for formset in page.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    sent = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                sent[bound.html_name] = "on" if value is True else value
    return sent


def send(office, product: Product, **changes: str):
    return office.post(
        reverse("admin:catalog_product_change", args=[product.pk]), {**form_of(office, product), **changes}
    )


def test_a_translation_that_is_saved_is_on_the_page_that_was_kept(office, stocked):
    lemon = Product.objects.get(slug="lemon-femminello")
    address, visitor = "/it/shop/lemon-femminello/", Client()
    for _twice in range(2):
        assert "Limone ‘Femminello’" in visitor.get(address).content.decode()
    assert send(office, lemon, name_it="Limone di Sorrento", summary_it="").status_code == 302
    page = visitor.get(address).content.decode()
    assert "<h1>Limone di Sorrento</h1>" in page
    assert lemon.summary in page
    lemon.refresh_from_db()
    assert lemon.i18n["name_it"] == "Limone di Sorrento"
    assert "summary_it" not in lemon.i18n
    assert lemon.name_fr == Product.objects.get(slug="lemon-femminello").name_fr != ""
    assert "Limone di Sorrento" not in visitor.get("/shop/lemon-femminello/").content.decode()


def test_a_translation_that_is_too_long_is_refused_and_nothing_is_saved(office, stocked):
    lemon = Product.objects.get(slug="lemon-femminello")
    answer = send(office, lemon, name="Changed", name_it="L" * 121)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.as_data().keys() == {"name_it"}
    lemon.refresh_from_db()
    assert (lemon.name, lemon.name_it) == ("Lemon ‘Femminello’", "Limone ‘Femminello’")


def test_each_language_has_a_tab_and_its_own_name(office, stocked):
    lemon = Product.objects.get(slug="lemon-femminello")
    page = office.get(reverse("admin:catalog_product_change", args=[lemon.pk]))
    tabs = [fieldset for fieldset in page.context["adminform"] if "tab" in fieldset.classes]
    assert [tab.name for tab in tabs] == ["Italiano", "Français", "Română"]
    form = page.context["adminform"].form
    assert form["name_it"].label == "Name (Italiano)"
    assert form["facts_text_ro"].label == "Facts (Română)"
    assert form["facts_text_ro"].help_text == form["facts_text"].help_text
    assert "name_i18n" not in form.fields


def test_variants_are_translated_beside_their_product(office):
    pot = catalog.product(name="Pot", left=3)
    large = catalog.variant(pot, name="large")
    sent = form_of(office, pot)
    [prefix] = [name.removesuffix("-name") for name, value in sent.items() if value == "large"]
    assert send(office, pot, **{f"{prefix}-name_it": "grande"}).status_code == 302
    assert Variant.objects.get(pk=large.pk).i18n == {"name_it": "grande"}


def test_a_guide_is_translated_beside_its_product(office):
    guide = catalog.guide(name="Watering")
    assert send(office, guide, **{"guide-0-body_it": "## Acqua"}).status_code == 302
    assert Guide.objects.get(product=guide).body_it == "## Acqua"


def test_the_list_says_which_languages_are_complete_and_finds_what_is_missing(office):
    texts = {"name_it": "Vaso", "summary_it": "Utile", "name_fr": "Pot", "summary_fr": "Utile"}
    done, part = catalog.product(name="Done", **texts), catalog.product(name="Part", **texts)
    none = catalog.product(name="None")
    catalog.variant(part, name="large", name_fr="grand")
    address = reverse("admin:catalog_product_changelist")
    page = office.get(address)
    admin = page.context["cl"].model_admin
    said = {row.name: admin.languages_complete(row) for row in page.context["cl"].result_list}
    assert said == {"Done": "Italiano, Français", "Part": "Français", "None": "–"}
    lacking = {
        code: set(office.get(address, {"untranslated": code}).context["cl"].result_list) for code in ("it", "fr")
    }
    assert lacking == {"it": {part, none}, "fr": {none}}
    assert done.pk not in {row.pk for row in lacking["it"]}


@pytest.mark.parametrize(
    "page",
    [
        *["catalog_category", "catalog_variant", "catalog_bundleslot", "memberships_plan", "orders_shippingrate"],
        *["promotions_promotion", "memberships_pricechange"],
    ],
)
def test_every_list_of_what_is_written_has_the_column_and_the_filter(office, stocked, page):
    for query in ({}, {"untranslated": "ro"}):
        shown = office.get(reverse(f"admin:{page}_changelist"), query).context["cl"]
        assert "languages_complete" in shown.list_display
        assert "missing translation" in [spec.title for spec in shown.filter_specs]


@pytest.mark.parametrize(
    "page", ["catalog_category", "memberships_plan", "orders_shippingrate", "promotions_promotion"]
)
def test_new_ones_are_written_in_all_languages(office, page):
    form = office.get(reverse(f"admin:{page}_add")).context["adminform"].form
    assert {"name", "name_it", "name_fr", "name_ro"} <= form.fields.keys()
