"""The page of the back office."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.core import tasks
from apps.insights.models import AnomalyRule, Rehearsal
from apps.insights.rehearsal import services
from apps.insights.rehearsal.anomalies import Finding
from tests.conftest import gateway
from tests.factories import accounts, memberships

from .results import DAY, day, keep

__all__ = ["gateway"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 4, 10, 9, 30, tzinfo=UTC)
URL = "/admin/insights/rehearsal/page/"


@pytest.fixture
def rung(monkeypatch) -> list:
    """The sweeps that a worker was asked to run."""
    names: list = []
    monkeypatch.setattr(tasks.run_sweep, "delay", names.append)
    return names


def test_asking_for_one(staff, rung):
    assert staff.post(URL, {"days": "14", "decline_percent": "2.5"}).url == URL
    row = Rehearsal.objects.get()
    assert (row.status, row.days, row.decline_basis_points) == ("requested", 14, 250)
    assert row.requested_by.startswith("staff")
    assert rung == ["insights.rehearse"]
    page = staff.get(URL).content.decode()
    assert "Rehearsal of 14 days" in page
    assert "Waiting for a worker" in page
    fragment = staff.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "Waiting for a worker" in fragment
    assert "<form" not in fragment


def test_a_second_one_waits(staff, rung):
    services.request(days=30, by="somebody", now=NOW)
    assert "under way" in staff.post(URL, {"days": "14"}, follow=True).content.decode()
    assert (Rehearsal.objects.count(), rung) == (1, [])


@pytest.mark.parametrize(
    "data", [{}, {"days": "0"}, {"days": "10000"}, {"days": "soon"}, {"days": "30", "decline_percent": "101"}]
)
def test_nonsense_is_refused_with_a_reason(staff, rung, data):
    answer = staff.post(URL, data)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.content.decode()
    assert (Rehearsal.objects.count(), rung) == (0, [])


def test_a_result_with_its_differences(staff, gateway):
    subscription = memberships.member(gateway, now=NOW)
    keep(day("2026-04-12", billed=1200, collected=1200), findings=[("parked", Finding("gone"))], since=NOW - DAY)
    odd = Finding(
        key="odd",
        customer_id=subscription.customer_id,
        subscription_id=subscription.pk,
        at=NOW + DAY,
        currency="EUR",
        amount_minor=1300,
        before_minor=1200,
        detail="Grove <v1> → Grove v2",
    )
    shown = keep(
        day("2026-04-12", renewals=2, billed=2500, collected=1200, at_risk=1300),
        findings=[("unagreed-price", odd)],
        since=NOW,
    )
    page = staff.get(URL).content.decode()
    for words in ("€25.00", "€13.00", "+€13.00", "Price changes without the customer", "new</span>", "receipt"):
        assert words in page, words
    assert "Grove &lt;v1&gt; → Grove v2" in page
    assert reverse("admin:insights_customer", args=[subscription.customer_id]) in page
    assert reverse("admin:memberships_subscription_change", args=[subscription.pk]) in page
    assert "Put aside, not billed" in page
    assert 'class="risk"' in page
    assert "style=" not in page[page.index('<div class="bo">') : page.index("Day by day")]
    older = Rehearsal.objects.before(shown)
    page = staff.get(reverse("admin:insights_rehearsal_result", args=[older.pk])).content.decode()
    assert "Since the rehearsal of" not in page
    assert staff.get(reverse("admin:insights_rehearsal_result", args=[older.pk + 100])).status_code == 404


def test_many_anomalies_cost_no_more_queries(staff, gateway, django_assert_max_num_queries):
    people = [memberships.member(gateway, now=NOW) for _ in range(4)]
    findings = [
        ("parked", Finding(f"{number}", people[number % 4].customer_id, people[number % 4].pk)) for number in range(70)
    ]
    keep(since=NOW - DAY)
    keep(findings=findings, since=NOW)
    staff.get(URL)
    with django_assert_max_num_queries(16):
        page = staff.get(URL).content.decode()
    assert "Anomalies (70)" in page
    assert "Page 1 of 2" in page


def test_a_failed_one_says_why(staff):
    Rehearsal.objects.create(
        status="failed", days=30, requested_by="test", requested_at=NOW, finished_at=NOW, error="NotIsolated: <no>"
    )
    page = staff.get(URL).content.decode()
    assert "NotIsolated: &lt;no&gt;" in page
    assert "Nothing has been rehearsed yet." in page


def test_the_list_and_the_rules(staff):
    keep(since=NOW)
    assert staff.get(reverse("admin:insights_rehearsal_changelist")).status_code == 200
    rule = AnomalyRule.objects.get(kind="amount-jump")
    url = reverse("admin:insights_anomalyrule_change", args=[rule.pk])
    assert staff.post(url, {"is_active": "on", "threshold_percent": "35"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.is_active, rule.threshold_percent) == (True, 35)
    assert "Amount jumps" in staff.get(reverse("admin:insights_anomalyrule_changelist")).content.decode()


class TestPermissions:
    def browser(self, *permissions: str) -> Client:
        clerk = accounts.customer(email="clerk@example.com")
        clerk.is_staff = True
        clerk.save()
        clerk.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        browser = Client()
        browser.force_login(clerk)
        return browser

    def test_customers_are_sent_away(self, client):
        client.force_login(accounts.customer())
        assert client.get(URL).status_code == 302
        assert client.post(URL, {"days": "30"}).status_code == 302
        assert not Rehearsal.objects.exists()

    def test_staff_without_the_permission_are_refused(self, rung):
        browser = self.browser()
        assert browser.get(URL).status_code == 403
        assert browser.post(URL, {"days": "30"}).status_code == 403
        assert (Rehearsal.objects.count(), rung) == (0, [])

    def test_who_may_look_may_not_start(self, rung):
        browser = self.browser("view_rehearsal")
        page = browser.get(URL)
        assert page.status_code == 200
        assert '<button class="bo-button"' not in page.content.decode()
        assert browser.post(URL, {"days": "30"}).status_code == 403
        assert (Rehearsal.objects.count(), rung) == (0, [])

    def test_a_forged_post_is_refused(self, rung):
        forged = Client(enforce_csrf_checks=True)
        forged.force_login(accounts.staff())
        assert forged.post(URL, {"days": "30"}).status_code == 403
        assert (Rehearsal.objects.count(), rung) == (0, [])
