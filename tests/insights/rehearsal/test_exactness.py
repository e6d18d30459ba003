"""What a rehearsal foretells is what then happens, to the cent and to the day."""

from datetime import UTC, datetime

from apps.billing import gateway as gateways
from apps.core import time_machine
from apps.insights.rehearsal import cards, outcome, rehearse
from apps.insights.rehearsal.walk import INSTANT

from . import books

NOW = datetime(2026, 4, 17, 9, 30, tzinfo=UTC)


class Clock:
    """The live gateway's clock, set at each stop of the time machine."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def live(*, until: datetime, now: datetime, decline_basis_points: int) -> None:
    """Live the days for real, event by event, with the same cards."""
    clock = Clock(now)

    def step_on(step: time_machine.Step) -> None:
        assert step.at == clock.at
        clock.at = min(time_machine.next_event(now=step.at), until)

    with gateways.using(cards.gateway(clock=clock, decline_basis_points=decline_basis_points)):
        time_machine.advance(until=until, now=now, on_step=step_on, max_steps=10_000)


def test_the_days_are_then_lived_as_foretold(gateway, settings):
    """With every third charge declined, so that retries, recoveries and ends by payment are among it."""
    books.mixed(gateway, now=NOW)
    foretold = rehearse(days=30, now=NOW, decline_basis_points=3300)
    marks = outcome.Marks.take()
    settings.TIME_MACHINE = True
    live(until=foretold.until - INSTANT, now=NOW, decline_basis_points=3300)
    lived = outcome.summary(marks, since=NOW)
    for part in ("days", "totals", "tax", "endings", "mails"):
        assert foretold.summary[part] == lived[part], part
    at_risk = sum(day["at_risk"] for day in lived["days"])
    assert 0 < at_risk < sum(day["billed"] for day in lived["days"])


def test_what_is_foretold(gateway):
    """Exact amounts of a small book, with every card good but one that expires."""
    people = books.mixed(gateway, now=NOW)
    foretold = rehearse(days=30, now=NOW)
    euro, dollar = foretold.summary["totals"]
    assert (euro["currency"], euro["renewals"], euro["billed"]) == ("EUR", 12, 37_300)
    assert (euro["at_risk"], euro["collected"]) == (1_200, 36_100)
    assert (dollar["currency"], dollar["renewals"], dollar["collected"]) == ("USD", 1, 1_300)
    days = {(row["day"], row["currency"]): row["billed"] for row in foretold.summary["days"]}
    assert days["2026-04-22", "EUR"] == 12_000  # the year that begins on that day
    assert days["2026-05-05", "EUR"] == 1_200 + 4_700 + 350
    assert "2026-04-23" not in {day for day, _currency in days}
    assert foretold.summary["endings"] == {"cancelled": 1, "payment": 1}
    assert foretold.summary["mails"]["renewal-notice"] == 3
    assert {row["country"]: row["tax"] for row in foretold.summary["tax"]} == {"DE": 192, "IT": 6_508, "US": 0}
    found = {(kind, finding.subscription_id) for kind, finding in foretold.findings}
    assert found == {
        ("card-expires", people["expiring"].pk),
        ("amount-jump", people["discounted"].pk),
        ("missing-notice", people["soon"].pk),
    }
