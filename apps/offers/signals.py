"""What offers announce to the apps above."""

from django.dispatch import Signal

# offer_ids: list[int], now: datetime. Upgrade offers of the treatment arm were just made; sent inside the transaction.
upgrades_suggested = Signal()
