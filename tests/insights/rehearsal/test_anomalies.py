"""What a person should look at: every kind planted once in one book, beside members with whom all is well."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.billing.models import Profile
from apps.insights.models import AnomalyRule
from apps.insights.rehearsal import anomalies, rehearse
from apps.memberships import services
from apps.memberships.models import Price, Subscription
from tests.factories import memberships

from . import books
from .books import DAY

NOW = datetime(2026, 4, 17, 9, 30, tzinfo=UTC)


def plant(gateway) -> dict[str, Subscription]:
    """One subscription for each kind of anomaly, by a name of its own."""
    joined = NOW - 20 * DAY
    half_off, tenth_off = (memberships.promotion(now=joined, percent_basis_points=points) for points in (5000, 1000))
    twelve_months = memberships.special_price(interval_unit="month", interval_count=12)
    people = {
        "well": memberships.member(gateway, now=joined),
        "cardless": memberships.member(gateway, now=joined),
        "expiring": memberships.member(gateway, now=NOW - 14 * DAY),
        "half off": memberships.member(gateway, now=joined, promotion=half_off),
        "tenth off": memberships.member(gateway, now=joined, promotion=tenth_off),
        "dearer": memberships.member(gateway, now=joined),
        "downgrading": memberships.member(gateway, "estate", now=joined),
        "parked": memberships.member(gateway, now=joined),
        "moved": memberships.member(gateway, now=joined),
        "yearly": memberships.member(gateway, unit="year", now=NOW - 361 * DAY),
        "twelve months": memberships.join(gateway, twelve_months, now=NOW - 361 * DAY).subscription,
        "forgotten": memberships.member(gateway, now=NOW - 65 * DAY),
    }
    Profile.objects.filter(user=people["cardless"].customer).update(default_card=None)
    books.expire_card(people["expiring"], on=NOW)
    dearer = services.new_price_version(memberships.price("grove"), amount_minor=1300, now=joined)
    # The database refuses what is planted here: somebody must have taken its guard away.
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER memberships_no_silent_rise ON memberships_subscription")
    Subscription.objects.filter(pk=people["dearer"].pk).update(pending_price=dearer)
    down = people["downgrading"]
    monthly = Price.objects.filter(currency="EUR", interval_unit="month", interval_count=1)
    cheaper = monthly.get(plan__slug="grove", closed_at=None)
    services.change_plan(down.pk, cheaper.pk, customer=down.customer, now=NOW - DAY)
    services.park({people["parked"].pk: "looks odd"}, now=NOW - DAY)
    User.objects.filter(pk=people["moved"].customer_id).update(country="BR")
    return people


@pytest.fixture
def found(gateway):
    """The findings by kind and name of the planted subscription."""
    people = plant(gateway)
    names = {subscription.pk: name for name, subscription in people.items()}
    outcome = rehearse(days=30, now=NOW)
    return [(kind, names[finding.subscription_id], finding) for kind, finding in outcome.findings]


def test_each_is_found_once_and_nothing_else(found):
    assert sorted((kind, name) for kind, name, _finding in found) == [
        ("amount-jump", "half off"),
        ("card-expires", "expiring"),
        ("double-plan", "forgotten"),
        ("missing-card", "cardless"),
        ("missing-notice", "twelve months"),
        ("missing-notice", "yearly"),
        ("missing-tax-rate", "moved"),
        ("parked", "parked"),
        ("unagreed-price", "dearer"),
    ]
    by_name = {name: finding for _kind, name, finding in found}
    jump = by_name["half off"]
    assert (jump.before_minor, jump.amount_minor, jump.currency) == (600, 1200, "EUR")
    dearer = by_name["dearer"]
    assert (dearer.before_minor, dearer.amount_minor) == (1200, 1300)
    assert dearer.detail == "Grove: €12.00 / month (v1) → Grove: €13.00 / month (v2)"
    assert by_name["expiring"].detail == "Visa •••• 4242 expires 04/2026"
    assert by_name["cardless"].detail == "The customer has no card."
    assert by_name["parked"].detail == "looks odd"
    assert by_name["moved"].detail.startswith("NoTaxRate: No tax rate for BR")
    assert by_name["yearly"].detail == "No mail 35 days before"
    assert by_name["forgotten"].detail == "Also charged for 2026-03-11 to 2026-04-11 on 2026-04-17"
    assert by_name["parked"].at == datetime(2026, 4, 28, 8, 30, tzinfo=UTC)  # half past ten in Rome


def test_staff_set_what_is_looked_for(gateway):
    plant(gateway)
    AnomalyRule.objects.filter(kind="amount-jump").update(threshold_percent=10)
    AnomalyRule.objects.filter(kind__in=["parked", "double-plan"]).update(is_active=False)
    kinds = [kind for kind, _finding in rehearse(days=30, now=NOW).findings]
    assert kinds.count("amount-jump") == 2
    assert not {"parked", "double-plan"} & set(kinds)


def test_a_kind_is_declared_once():
    with pytest.raises(ValueError, match="already"):
        anomalies.register("parked", label="again")(lambda view: [])


@pytest.mark.django_db
def test_every_kind_has_a_rule_from_the_start():
    assert {kind.name for kind in anomalies.kinds()} == set(AnomalyRule.objects.values_list("kind", flat=True))
    assert AnomalyRule.objects.get(kind="amount-jump").threshold_percent == 20
