"""`manage.py rehearse`."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core import clock
from apps.insights.management.commands import rehearse as command
from apps.insights.models import Anomaly, Rehearsal
from tests.factories import memberships

from . import books
from .books import DAY


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rehearse", *arguments, stdout=out)
    return out.getvalue()


def test_it_tells_and_keeps_the_result(gateway):
    now = clock.now()
    memberships.member(gateway, now=now - 20 * DAY)
    cardless = memberships.member(gateway, now=now - 20 * DAY)
    cardless.customer.billing_profile.default_card = None
    cardless.customer.billing_profile.save()
    told = run("--days", "20")
    assert "2 renewals. Billed €24.00, collected €12.00, at risk €12.00" in told
    assert f"No card to charge: customer {cardless.customer_id}. The customer has no card." in told
    row = Rehearsal.objects.get()
    assert (row.status, row.days, row.requested_by) == ("done", 20, "manage.py rehearse")
    assert Anomaly.objects.get().customer_id == cardless.customer_id
    printed = json.loads(run("--json", "--days", "20", "--decline-rate", "100"))
    assert printed["totals"][0]["collected"] == 0
    assert {anomaly["kind"] for anomaly in printed["anomalies"]} == {"missing-card"}
    assert printed["rehearsal"] == Rehearsal.objects.first().pk
    assert Rehearsal.objects.first().decline_basis_points == 10_000


def test_ctrl_c_leaves_nothing(gateway, monkeypatch):
    memberships.member(gateway, now=clock.now() - 20 * DAY)
    before = books.checksums()

    def interrupted(**terms):
        terms["on_step"](terms["now"])
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "rehearse", interrupted)
    with pytest.raises(CommandError, match="Nothing remains") as stopped:
        run()
    assert stopped.value.returncode == 130
    assert books.checksums() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "arguments",
    [
        ["--days", "0"],
        ["--days", "10000"],
        ["--days", "-3"],
        ["--days", "soon"],
        ["--decline-rate", "101"],
        ["--decline-rate", "-1"],
        ["--decline-rate", "much"],
        ["--decline-rate", "1.234"],
        ["--decline-rate", "NaN"],
    ],
)
def test_nonsense_is_refused(arguments):
    with pytest.raises(CommandError):
        run(*arguments)
    assert not Rehearsal.objects.exists()
