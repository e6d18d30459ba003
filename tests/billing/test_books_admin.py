"""The books in the back office: months, closing, the trial balance, deferred revenue."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.billing import collection, journal, ledger, recognition
from apps.billing.models import JournalMonth, LedgerEntry
from apps.billing.months import Month
from apps.core import clock
from apps.core.money import Money
from tests.factories import billing
from tests.factories.accounts import staff

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 17, tzinfo=UTC)
MARCH, APRIL = Month(2026, 3), Month(2026, 4)
BOOKS = "admin:billing_books"
BALANCE = "admin:billing_trial_balance"


@pytest.fixture
def office(client):
    client.force_login(staff())
    return client


@pytest.fixture
def sold(gateway):
    """37.82 with tax for 31 days from 17 March, paid; March is recognised."""
    invoice = billing.invoice(
        billing.payer(gateway, now=START), now=START, lines=[billing.plan_line(3782, start=START)]
    )
    collection.collect_due(now=START)
    recognition.recognise_due(now=APRIL.start)
    return invoice


def month_url(month: Month, name: str = "admin:billing_books_month") -> str:
    return reverse(name, args=[str(month)])


def sides(answer) -> dict[str, tuple[str, str]]:
    [sheet] = answer.context["sheets"]
    return {row.account: (str(row.debit or ""), str(row.credit or "")) for row in sheet.rows}


def test_months_are_listed_from_the_first_posting_on(office, sold):
    journal.close(MARCH, by="anna@example.com", now=APRIL.start)
    answer = office.get(reverse(BOOKS))
    months = [month for month, _closed in answer.context["months"]]
    assert (months[0], months[-1]) == (Month.of(clock.now()), MARCH)
    assert b"by anna@example.com" in answer.content


def test_a_month_shows_accounts_documents_and_how_deferred_revenue_moved(office, sold):
    answer = office.get(month_url(MARCH))
    [sheet] = answer.context["books"]
    assert [(row.label, row.account, str(row.opening), str(row.closing)) for row in sheet.deferred] == [
        ("invoice", "deferred revenue", "€0.00", "-€31.00"),
        ("revenue", "deferred revenue", "-€31.00", "-€16.00"),
    ]
    assert sheet.debit == sheet.credit == Money(3782 + 3782 + 1500, "EUR")
    assert "How deferred revenue moved in EUR" in answer.content.decode()


def test_the_file_is_the_export(office, sold):
    answer = office.get(month_url(MARCH, "admin:billing_books_file"))
    assert answer.content == journal.export(journal.of(MARCH))
    assert answer["Content-Disposition"] == 'attachment; filename="journal-2026-03.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert office.get(month_url(MARCH, "admin:billing_books_file"), {"currency": "EUR"}).status_code == 200
    assert office.get(month_url(MARCH, "admin:billing_books_file"), {"currency": "GBP"}).status_code == 404


@pytest.mark.parametrize("month", ["2026-13", "march", "2999-01", "0000-01"])
@pytest.mark.parametrize("name", ["admin:billing_books_month", "admin:billing_books_file"])
def test_a_month_that_is_none_is_not_found(office, sold, name, month):
    assert office.get(reverse(name, args=[month])).status_code == 404


def test_a_month_is_closed_once_somebody_has_looked(office, sold):
    answer = office.post(month_url(MARCH))
    assert b"Please look at the figures" in answer.content
    assert not JournalMonth.objects.exists()
    answer = office.post(month_url(MARCH), {"checked": "on"}, follow=True)
    assert b"2026-03 is closed." in answer.content
    closed = JournalMonth.objects.get()
    assert closed.closed_by.startswith("staff")
    assert LogEntry.objects.get().object_repr == "2026-03"
    assert b"is closed already" in office.post(month_url(MARCH), {"checked": "on"}, follow=True).content
    assert office.get(reverse("admin:billing_journalmonth_change", args=[closed.pk])).status_code == 200
    assert office.get(reverse("admin:billing_journalmonth_changelist")).status_code == 200


def test_a_month_that_cannot_be_closed_says_why(office, sold):
    this = Month.of(clock.now())
    assert f"{this} is not over yet" in office.get(month_url(this)).content.decode()
    office.post(month_url(this), {"checked": "on"})
    assert not JournalMonth.objects.exists()


def test_who_may_only_look_cannot_close_and_others_see_nothing(client, sold):
    clerk = User.objects.create_user("clerk@example.com", is_staff=True)
    client.force_login(clerk)
    assert [client.get(url).status_code for url in (reverse(BOOKS), reverse(BALANCE), month_url(MARCH))] == [403] * 3
    clerk.user_permissions.add(Permission.objects.get(codename="view_ledgerentry"))
    page = client.get(month_url(MARCH))
    assert page.status_code == 200
    assert b"I have checked these figures" not in page.content
    assert client.post(month_url(MARCH), {"checked": "on"}).status_code == 403
    assert not JournalMonth.objects.exists()


def test_the_trial_balance_is_that_of_the_day(office, sold):
    assert sides(office.get(reverse(BALANCE), {"day": "2026-03-30"})) == {
        "receivable": ("", ""),
        "cash": ("€37.82", ""),
        "revenue_deferred": ("", "€31.00"),
        "tax_payable": ("", "€6.82"),
    }
    answer = office.get(reverse(BALANCE), {"day": "2026-03-31"})
    assert sides(answer)["revenue_deferred"] == ("", "€16.00")
    assert sides(answer)["revenue"] == ("", "€15.00")
    [sheet] = answer.context["sheets"]
    assert (sheet.debit, sheet.credit, sheet.difference.minor) == (Money(3782, "EUR"), Money(3782, "EUR"), 0)
    assert b"Debits and credits are equal." in answer.content
    journal.close(MARCH, by="anna", now=APRIL.start)
    assert sides(office.get(reverse(BALANCE), {"day": "2026-03-31"})) == sides(answer)
    assert sides(office.get(reverse(BALANCE))) == sides(answer)
    assert sides(office.get(reverse(BALANCE), {"day": "2026-03-30"}))["revenue_deferred"] == ("", "€31.00")


@pytest.mark.parametrize("day", ["2026-02-30", "yesterday", "", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_refused(office, sold, day):
    answer = office.get(reverse(BALANCE), {"day": day})
    assert (answer.status_code, answer.context["sheets"]) == (200, [])
    assert answer.context["form"].errors


def test_an_account_leads_to_its_entries_up_to_the_day(office, sold):
    recognition.recognise_due(now=datetime(2026, 5, 1, tzinfo=UTC))
    answer = office.get(reverse(BALANCE), {"day": "2026-03-31"})
    link = f"{answer.context['entries_url']}?account__exact=revenue&currency=EUR&{answer.context['until']}"
    assert link.replace("&", "&amp;") in answer.content.decode()
    entries = office.get(link).context["cl"].queryset
    assert [entry.amount_minor for entry in entries] == [-1500]
    assert LedgerEntry.objects.filter(account="revenue").count() == 2


def test_the_pages_take_a_fixed_number_of_statements(office, sold):
    urls = [(reverse(BALANCE), {"day": "2026-03-31"}), (month_url(MARCH), {}), (reverse(BOOKS), {})]

    def statements() -> list[int]:
        counts = []
        for url, data in urls:
            with CaptureQueriesContext(connection) as captured:
                office.get(url, data)
            counts.append(len(captured))
        return counts

    office.get(urls[0][0])
    before = statements()
    for number in range(20):
        for currency in ("EUR", "USD", "JPY"):
            sides = [("cash", Money(5, currency)), ("revenue", Money(-5, currency))]
            at = START + timedelta(hours=number)
            ledger.post(f"sale-{number % 7}:{number}{currency}", sides, customer_id=None, now=at)
    assert statements() == before


def test_deferred_revenue_is_listed_by_line(office, sold):
    answer = office.get(reverse("admin:billing_revenueschedule_changelist"), {"q": sold.number})
    assert "€16.00" in answer.content.decode()
    [row] = sold.schedules.all()
    assert office.get(reverse("admin:billing_revenueschedule_change", args=[row.pk])).status_code == 200
