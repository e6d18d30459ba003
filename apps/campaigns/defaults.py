"""The campaigns every shop starts with; staff change them in the back office."""

CAMPAIGNS = [
    {"slug": "welcome", "name": "Welcome", "trigger": "joined", "steps": [(1, 3, "first_steps"), (2, 14, "points")]},
    {"slug": "upgrade", "name": "Upgrade suggestion", "trigger": "upgrade_suggested", "steps": [(1, 0, "upgrade")]},
    {"slug": "winback", "name": "Win-back", "trigger": "left", "steps": [(1, 14, "winback"), (2, 60, "goodbye")]},
]


def create(*, campaign_model, step_model) -> None:
    """Add the campaigns that are missing; what staff changed is left alone. The migration passes its own models."""
    for entry in CAMPAIGNS:
        campaign, is_new = campaign_model.objects.get_or_create(
            slug=entry["slug"], defaults={"name": entry["name"], "trigger": entry["trigger"]}
        )
        if is_new:
            for position, delay_days, letter in entry["steps"]:
                step_model.objects.create(campaign=campaign, position=position, delay_days=delay_days, letter=letter)
