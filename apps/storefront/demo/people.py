"""The people of the demo: who they are, when they come, and how they behave. The same ones each time."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .companies import COMPANIES, Company

PASSWORD = "lemon-grove-2026"  # noqa: S105 - printed on the terminal by the demo, and of no use elsewhere
CUSTOMER = "clara@example.com"
STAFF = "staff@example.com"
# How many customers come in the course of the demo's year.
CUSTOMERS = 230

_FIRST = (
    "Ada Alba Alessio Amelie Andrei Anna Beatrice Bianca Bruno Camille Carlo Chiara Chloe Corina Dario Diana "
    "Edoardo Elena Elise Emil Enzo Fabio Federica Felix Filippo Florin Gaia Giada Giorgia Giulia Hannah Henri "
    "Hugo Ilinca Ioana Irene Jonas Julie Karin Lea Leonardo Lorenzo Louis Luca Lucie Ludovica Mara Marco Margot "
    "Maria Mathilde Matteo Mihai Mirela Nadia Nico Nora Olivia Oscar Paola Paul Petra Pietro Rares Remi Rita Rosa "
    "Sara Silvia Simon Sofia Stefan Teodora Thea Tommaso Valentina Vera Victor Viola Vlad Zoe"
).split()
_LAST = (
    "Amato Barbieri Bernard Bianchi Blanc Bruni Caruso Colombo Conti Costa Cristea Dubois Dumitru Esposito Fabbri "
    "Faure Ferrari Fontana Galli Garnier Gatti Georgescu Girard Greco Ionescu Keller Lambert Laurent Leone "
    "Lombardi Longo Lungu Mancini Marin Marini Martin Meyer Moreau Moretti Muresan Neri Novak Parisi Pellegrini "
    "Petit Popa Ricci Rinaldi Rizzo Romano Rossi Roux Russo Sala Santoro Schmid Serra Stan Testa Toma Vidal Villa "
    "Vitale Weber"
).split()
# Country, IANA zone, currency, share.
_HOMES = [
    ("IT", "Europe/Rome", "EUR", 46),
    ("FR", "Europe/Paris", "EUR", 20),
    ("RO", "Europe/Bucharest", "EUR", 10),
    ("DE", "Europe/Berlin", "EUR", 7),
    ("DE", "Europe/Berlin", "USD", 3),
    ("IE", "Europe/Dublin", "EUR", 4),
    ("US", "America/New_York", "USD", 10),
]
# First plan, interval by its code, share.
_CHOICES = [
    ("seedling", "month", 64),
    ("grove", "month", 20),
    ("grove", "year", 8),
    ("conservatory", "month", 8),
    ("conservatory", "year", 4),
    ("conservatory", "3-month", 3),
    ("estate", "month", 4),
    ("estate", "year", 2),
]
# How the card behaves when the shop charges it, and its share.
_CARDS = [("ok", 80), ("declines_once", 10), ("runs_dry", 7), ("lost", 3)]
_REASONS = ["too_expensive", "too_expensive", "not_using", "not_using", "missing_features", "moving", "technical", ""]


@dataclass(frozen=True)
class Person:
    """One customer's character. Days count from the start of the history."""

    email: str
    name: str
    country: str
    zone: str
    currency: str
    joins_on: int
    plan: str
    interval: str
    card: str
    wants_mail: bool
    curious: bool
    upgrades_on: int | None
    cancels_on: int | None
    reason: str
    regrets: bool
    company: Company | None = None


def cast(*, count: int, days: int, seed: int = 7) -> list[Person]:
    """`count` people who join over `days` days, in the order in which they come. The demo's customer is among them."""
    dice = random.Random(seed)  # noqa: S311 - a story, not a secret
    people = [_clara()]
    taken: set[str] = {CUSTOMER}
    while len(people) < count:
        person = _person(dice, days=days)
        if person.email not in taken:
            taken.add(person.email)
            people.append(person)
    return _with_companies(sorted(people, key=lambda person: (person.joins_on, person.email)))


def _with_companies(people: Iterable[Person]) -> list[Person]:
    """The first paying customers of each country buy for its companies; the demo's customer for herself."""
    waiting = {country: list(companies) for country, companies in COMPANIES.items()}
    found = []
    for person in people:
        queue = waiting.get(person.country)
        is_private = person.email == CUSTOMER or person.plan == "seedling"
        found.append(person if is_private or not queue else replace(person, company=queue.pop(0)))
    return found


def _person(dice: random.Random, *, days: int) -> Person:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    country, zone, currency = _draw(dice, _HOMES)
    plan, interval = _draw(dice, _CHOICES)
    joins_on = int(days * dice.random() ** 0.42)
    stays = days - joins_on
    leaves = dice.random() < (0.3 if interval == "month" and plan != "seedling" else 0.06)
    climbs = not leaves and dice.random() < 0.14
    return Person(
        email=f"{first}.{last}@example.com".lower(),
        name=f"{first} {last}",
        country=country,
        zone=zone,
        currency=currency,
        joins_on=joins_on,
        plan=plan,
        interval=interval,
        card=_draw(dice, _CARDS)[0],
        wants_mail=dice.random() < 0.38,
        curious=dice.random() < 0.35,
        upgrades_on=joins_on + dice.randint(20, 200) if climbs and stays > 25 else None,
        cancels_on=joins_on + dice.randint(12, 240) if leaves and stays > 15 else None,
        reason=dice.choice(_REASONS),
        regrets=dice.random() < 0.12,
    )


def _clara() -> Person:
    """The customer whose password the demo prints: a Grove member for five months, with points."""
    return Person(
        email=CUSTOMER,
        name="Clara Rossi",
        country="IT",
        zone="Europe/Rome",
        currency="EUR",
        # A day on which she is not drawn into the control group, which sees no suggestion.
        joins_on=211,
        plan="grove",
        interval="month",
        card="ok",
        wants_mail=True,
        curious=False,
        upgrades_on=None,
        cancels_on=None,
        reason="",
        regrets=False,
    )


def _draw(dice: random.Random, table: list[tuple]) -> tuple:
    """One row of a table by the weight in its last column, without the weight."""
    return dice.choices(table, weights=[row[-1] for row in table])[0][:-1]
