"""What loyalty announces to the apps above it. Sent inside the transaction that wrote the entries."""

from django.dispatch import Signal

points_changed = Signal()
"""Points were granted, adjusted or lapsed, so the shop owes more or less for them.

Arguments: `entries` (list of PointsEntry, just written), `now`. Redemptions are not announced: whoever redeems says
what the points were given for.
"""
