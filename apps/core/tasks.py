"""The one task of the schedule, and the one of the time machine."""

from celery import shared_task

from . import clock, sweeps, time_machine


@shared_task(name="core.run_sweep")
def run_sweep(name: str) -> int:
    """Run one sweep at the shop's present time, then those for which it made work; returns the number of rows it
    handled."""
    handled = sweeps.run(name, now=clock.now())
    if handled:
        for follower in sweeps.get(name).wakes:
            run_sweep.delay(follower)
    return handled


@shared_task(name="core.advance_clock")
def advance_clock(journey_id: int) -> None:
    """Carry a journey of the time machine on, in pieces short enough for a worker to be stopped between them."""
    if time_machine.travel(journey_id, now=clock.now()):
        advance_clock.delay(journey_id)
