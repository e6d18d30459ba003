"""Exchange rates of the demo.

They are invented: plausible, and the same for everybody, so that the demo needs no network. A real shop brings in the
file of the European Central Bank (`manage.py import_exchange_rates`).
"""

from datetime import date, datetime, timedelta
from decimal import Decimal

from apps.billing.models import ExchangeRate

# What one euro is on the average, and by how much it goes up and down in the course of a year.
CURRENCIES = {"USD": ("1.0850", "0.0350"), "JPY": ("162.50", "6.20"), "GBP": ("0.8520", "0.0140")}
WEEK = timedelta(days=7)
# The clock of the demo may be moved on.
AHEAD = timedelta(days=3 * 365)
WEEKS_OF_A_SWING = 52


def build(*, now: datetime) -> None:
    """A rate for each Monday from the week before `now` on. Safe to repeat."""
    monday = now.date() - timedelta(days=now.weekday()) - WEEK
    rows = []
    while monday <= (now + AHEAD).date():
        rows += [
            ExchangeRate(currency=name, day=monday, per_euro=_rate(monday, middle, swing))
            for name, (middle, swing) in CURRENCIES.items()
        ]
        monday += WEEK
    ExchangeRate.objects.bulk_create(rows, ignore_conflicts=True)


def _rate(day: date, middle: str, swing: str) -> Decimal:
    """From the middle up to the top, down to the bottom and back, in even steps."""
    quarter = WEEKS_OF_A_SWING // 4
    place = day.toordinal() // 7 % WEEKS_OF_A_SWING
    height = abs((place + quarter) % WEEKS_OF_A_SWING - 2 * quarter) - quarter
    return round(Decimal(middle) - Decimal(swing) * height / quarter, 4)
