"""`manage.py rehearse`: live through the coming days on a copy of the book, and tell what would happen."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from apps.core import clock
from apps.insights.models import Rehearsal
from apps.insights.rehearsal import Outcome, anomalies, check, rehearse, services
from apps.insights.rehearsal.words import mails_of, money
from apps.insights.words import all_done

BY = "manage.py rehearse"


class Command(BaseCommand):
    help = "Rehearse the coming days: bill, collect and remind on a copy of the book, and tell what would happen."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--days", type=int, default=30, help="how many days to live through: 1 to 366")
        parser.add_argument("--json", action="store_true", help="print the whole result as JSON and nothing else")
        parser.add_argument(
            "--decline-rate",
            type=_basis_points,
            default=0,
            metavar="PERCENT",
            help="percent of charges on good cards that decline, such as 2.5",
        )
        parser.add_argument("--seed", type=int, default=0, help="another seed, other cards that decline")

    def handle(self, *args, days: int, decline_rate: int, seed: int, **options) -> None:
        terms = {"days": days, "decline_basis_points": decline_rate, "seed": seed}
        try:
            check(days=days, decline_basis_points=terms["decline_basis_points"])
        except services.BadRehearsal as problem:
            raise CommandError(str(problem)) from problem
        outcome = self._rehearse(terms, now=clock.now(), is_shown=not options["json"])
        rehearsal = services.keep(outcome, **terms, by=BY, now=clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(rehearsal, outcome), cls=DjangoJSONEncoder, indent=2))
        else:
            self._tell(outcome)

    def _rehearse(self, terms: dict[str, int], *, now: datetime, is_shown: bool) -> Outcome:
        columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        try:
            with Progress(*columns, console=Console(stderr=True), disable=not is_shown) as progress:
                task = progress.add_task("The coming days", total=terms["days"] * 86_400)
                return rehearse(
                    **terms,
                    now=now,
                    on_step=lambda at: progress.update(task, completed=(at - now).total_seconds()),
                )
        except KeyboardInterrupt:
            raise CommandError("Stopped. Nothing remains.", returncode=130) from None

    def _tell(self, outcome: Outcome) -> None:
        summary = outcome.summary
        self.stdout.write(f"{outcome.since:%Y-%m-%d %H:%M} to {outcome.until:%Y-%m-%d %H:%M} UTC")
        for row in summary["totals"]:
            self.stdout.write(
                f"  {row['renewals']} renewals. Billed {money(row, 'billed')}, collected {money(row, 'collected')},"
                f" at risk {money(row, 'at_risk')}"
            )
        self.stdout.write(f"  {all_done(summary['work']) or 'Nothing is due.'}")
        for kind, count in mails_of(summary):
            self.stdout.write(f"  Mail {kind}: {count}")
        self.stdout.write(f"  Anomalies: {len(outcome.findings)}")
        for kind, finding in outcome.findings:
            who = f"customer {finding.customer_id}" if finding.customer_id else finding.key
            self.stdout.write(f"    {anomalies.label_of(kind)}: {who}. {finding.detail}")


def _basis_points(percent: str) -> int:
    """Hundredths of a percent. Raises ArgumentTypeError for what is no number with two decimals at most."""
    try:
        points = Decimal(percent) * 100
        if points != int(points):
            raise ValueError
    except (ArithmeticError, ValueError) as problem:
        raise ArgumentTypeError(f"not a percentage: {percent}") from problem
    return int(points)


def _as_json(rehearsal: Rehearsal, outcome: Outcome) -> dict[str, Any]:
    return {
        "rehearsal": rehearsal.pk,
        "since": outcome.since,
        "until": outcome.until,
        **outcome.summary,
        "anomalies": [{"kind": kind, **asdict(finding)} for kind, finding in outcome.findings],
    }
