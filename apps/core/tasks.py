"""The one task of the schedule."""

from celery import shared_task

from . import clock, sweeps


@shared_task(name="core.run_sweep")
def run_sweep(name: str) -> int:
    """Run one sweep at the shop's present time; returns the number of rows it handled."""
    return sweeps.run(name, now=clock.now())
