"""Sensible defaults: the policies, and what is offered to people who left.

The migration and the demo both write them, so the model classes come as arguments.
"""

from datetime import datetime
from typing import Any

POLICIES = [
    {"kind": "upgrade", "holdout_percent": 10, "valid_days": 30, "quiet_days": 90},
    {"kind": "winback", "holdout_percent": 10, "valid_days": 30, "quiet_days": 365},
]

INCENTIVES: list[dict[str, Any]] = [
    {
        "reason": "too_expensive",
        "plan_rule": "same",
        "promotion": {
            "name": "Welcome back: 30 % for 3 periods",
            "percent_basis_points": 3000,
            "duration": "repeating",
            "periods": 3,
        },
    },
    {"reason": "not_using", "plan_rule": "lower", "fallback_points": 300},
    {"reason": "missing_features", "plan_rule": "higher_at_old_price", "old_price_periods": 2, "fallback_points": 300},
    {
        "reason": "technical",
        "plan_rule": "same",
        "promotion": {
            "name": "Our apology: 50 % off the first period",
            "percent_basis_points": 5000,
            "duration": "once",
        },
    },
    {"reason": "moving", "plan_rule": "same", "promotion": "welcome"},
    {"reason": "other", "plan_rule": "same", "promotion": "welcome"},
    {"reason": "payment", "plan_rule": "same"},
]
_WELCOME = {"name": "Welcome back: 15 % off the first period", "percent_basis_points": 1500, "duration": "once"}

# The names of the promotions in the other languages.
NAMES = {
    "Welcome back: 30 % for 3 periods": {
        "name_it": "Che bello riaverti qui: 30 % di sconto per 3 periodi",
        "name_fr": "Bon retour\u00a0: 30\u00a0% de remise pendant 3 périodes",
        "name_ro": "Bine ați revenit: 30 % reducere pentru 3 perioade",
    },
    "Our apology: 50 % off the first period": {
        "name_it": "Le nostre scuse: 50 % di sconto sul primo periodo",
        "name_fr": "Nos excuses\u00a0: 50\u00a0% de remise sur la première période",
        "name_ro": "Scuzele noastre: 50 % reducere la prima perioadă",
    },
    "Welcome back: 15 % off the first period": {
        "name_it": "Che bello riaverti qui: 15 % di sconto sul primo periodo",
        "name_fr": "Bon retour\u00a0: 15\u00a0% de remise sur la première période",
        "name_ro": "Bine ați revenit: 15 % reducere la prima perioadă",
    },
}


def create(*, policy_model, incentive_model, promotion_model, now: datetime) -> None:
    """Add the policies and incentives that are missing; what staff changed is left alone. Promotions have no code, so
    the only way to one is an offer."""
    for policy in POLICIES:
        if not policy_model.objects.filter(kind=policy["kind"]).exists():
            policy_model.objects.create(version=1, created_at=now, **policy)
    for entry in INCENTIVES:
        if incentive_model.objects.filter(reason=entry["reason"]).exists():
            continue
        terms = entry.get("promotion")
        promotion = None
        if terms:
            promotion, _created = promotion_model.objects.get_or_create(
                code=None, **(_WELCOME if terms == "welcome" else terms), defaults={"valid_from": now}
            )
        incentive_model.objects.create(**{**entry, "promotion": promotion})


def translate(*, promotion_model) -> None:
    """Give the promotions of `create` their names in the other languages; what staff wrote is left alone."""
    for name, texts in NAMES.items():
        promotion_model.objects.filter(code=None, name=name, i18n__isnull=True).update(i18n=texts)
