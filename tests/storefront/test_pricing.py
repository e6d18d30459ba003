"""Plans side by side: amounts, savings, and where the buttons lead."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from apps.memberships.models import Benefit, Plan, Price, Subscription
from apps.storefront import plans, visitor
from tests.factories import memberships

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def offered(stocked) -> None:
    pass


def cards(now, *, interval="month", currency="EUR", standing=None) -> dict[str, plans.PlanCard]:
    book = plans.book(currency=currency, now=now)
    made = plans.cards(book, interval=interval, standing=standing or visitor.Standing())
    return {card.plan.slug: card for card in made}


def page(client, query="") -> str:
    response = client.get(f"/pricing/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_monthly_amounts(now):
    shown = cards(now)
    assert [(slug, str(card.price.amount), card.per) for slug, card in shown.items()] == [
        ("seedling", "€0.00", "a month"),
        ("grove", "€12.00", "a month"),
        ("conservatory", "€24.00", "a month"),
        ("estate", "€59.00", "a month"),
    ]
    assert {(card.per_month, card.saving) for card in shown.values()} == {(None, None)}
    assert [card.plan.slug for card in shown.values() if card.is_featured] == ["grove"]


def test_yearly_amounts_say_what_they_are_a_month_and_what_they_save(now):
    shown = cards(now, interval="year", currency="USD")
    assert [(slug, str(card.price.amount), str(card.per_month), str(card.saving)) for slug, card in shown.items()] == [
        ("seedling", "$0.00", "None", "None"),
        ("grove", "$130.00", "$10.83", "$26.00"),
        ("conservatory", "$260.00", "$21.67", "$52.00"),
        ("estate", "$640.00", "$53.33", "$128.00"),
    ]
    assert plans.largest_saving_percent(shown.values()) == 16


def test_a_yearly_price_that_saves_nothing_claims_nothing(now):
    grove = Plan.objects.get(slug="grove")
    Price.objects.create(
        plan=grove,
        currency="EUR",
        amount_minor=14400,
        interval_unit="year",
        version=2,
        available_from=memberships.OPENED,
    )
    card = cards(now, interval="year")["grove"]
    assert (card.price.version, str(card.per_month), card.saving) == (2, "€12.00", None)


def test_closed_plans_and_prices_are_not_offered(now):
    Plan.objects.filter(slug="estate").update(status="closed")
    Price.objects.filter(plan__slug="conservatory", currency="EUR").update(closed_at=now)
    assert list(cards(now)) == ["seedling", "grove"]


def test_buttons_of_a_visitor_lead_to_joining(client):
    html = page(client, "?interval=year")
    assert f'href="{reverse("join", args=["grove", "year"])}">Join Grove' in html
    assert f'href="{reverse("join", args=["seedling", "month"])}">Join free' in html


def test_a_member_sees_their_plan_and_can_switch(client, gateway, now):
    subscription = memberships.member(gateway, now=now)
    client.force_login(subscription.customer)
    html = page(client)
    assert html.count("Your plan") == 1
    assert f'href="{reverse("account")}">See your membership' in html
    estate = Price.objects.get(plan__slug="estate", currency="EUR", interval_unit="month")
    assert f'href="{reverse("change_plan")}?price={estate.pk}">Switch to Estate' in html
    assert reverse("join", args=["estate", "month"]) not in html


def test_a_member_can_change_how_often_they_pay_and_keeps_their_currency(client, gateway, now):
    client.force_login(memberships.member(gateway, now=now).customer)
    html = page(client, "?interval=year&currency=USD")
    yearly = Price.objects.get(plan__slug="grove", currency="EUR", interval_unit="year")
    assert f'href="{reverse("change_plan")}?price={yearly.pk}">Pay yearly instead' in html
    assert html.count("Your plan") == 1
    assert "€120.00" in html
    assert 'aria-label="Currency"' not in html


def test_a_member_of_the_free_plan_can_look_at_both_currencies(client, now):
    client.force_login(memberships.free_member(now=now).customer)
    html = page(client, "?currency=USD")
    assert "$13.00" in html
    assert 'aria-label="Currency"' in html


def test_a_cancelled_membership_counts_to_its_last_instant(gateway, now):
    subscription = memberships.member(gateway, now=now)
    end = subscription.current_end
    Subscription.objects.filter(pk=subscription.pk).update(ends_at=end)
    assert visitor.standing(subscription.customer, now=end.replace(microsecond=0)).rank == 0
    assert visitor.standing(subscription.customer, now=now).rank == 2


def test_the_table_ticks_what_is_alike_and_words_what_differs(now):
    rows = {row.label: row.cells for row in plans.compare(card.plan for card in cards(now).values())}
    assert rows["Member prices on trees, pots and tools"] == [False, True, True, True]
    assert rows["The seasonal box"] == [
        False,
        False,
        "The seasonal box in spring and autumn",
        "The seasonal box, four times a year",
    ]


def test_the_rows_of_the_table_are_called_in_the_language_of_the_reader(now):
    compared = [card.plan for card in cards(now).values()]
    with override("it"):
        said = [row.label for row in plans.compare(compared)]
    assert said == [
        "Un calendario di ciò che serve al tuo albero, mese per mese",
        "Guide",
        "Punti",
        "Prezzi per abbonati su alberi, vasi e attrezzi",
        "Chiedere a un giardiniere",
        "Ore con un giardiniere",
        "La cassetta stagionale",
        "Garanzia gelo su ogni albero che compri da noi",
    ]


def test_a_row_that_nobody_named_is_called_by_its_code(now):
    Benefit.objects.filter(code="gardener-hours").update(label="")
    assert "Gardener hours" in [row.label for row in plans.compare(card.plan for card in cards(now).values())]


def test_the_choice_of_currency_stays(client):
    assert "€12.00" in page(client)
    assert "$13.00" in page(client, "?currency=usd")
    assert "$79.00" in client.get("/shop/lemon-femminello/").content.decode()
    assert "€12.00" in page(client, "?currency=EUR")


@pytest.mark.parametrize("query", ["?currency=XXX", "?interval=decade", "?currency=&interval="])
def test_nonsense_in_the_address_shows_the_ordinary_page(client, query):
    html = page(client, query)
    assert "€12.00" in html
    assert client.cookies.get("currency") is None


def test_the_account_s_currency_is_used(client, now):
    member = memberships.free_member(now=now).customer
    type(member).objects.filter(pk=member.pk).update(currency="USD")
    client.force_login(member)
    assert "$13.00" in page(client)


def test_without_plans_the_page_says_so(client):
    Plan.objects.update(status="closed")
    assert "No plan is on sale in this currency" in page(client)
