"""Celery only rings the bell: each entry of the schedule runs one sweep, and the sweep finds its rows.

The schedule is static. Two beats at once do no harm, and a lost ring is made good by the next one.
"""

import gc
import os

from celery import Celery
from celery.signals import worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("orangery")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def collect_garbage_seldom(**_signal: object) -> None:
    """Batches make objects by the ten thousand, none of them in cycles; looking through all of them again and again
    takes a tenth of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


# Seconds between two rings of each sweep. A ring that is not picked up before the next one expires. A worker that
# begins looks for all of them in this order: money first.
EVERY_SECONDS = {
    "memberships.bill": 15,
    "billing.collect": 5,
    "billing.tax_numbers": 60,
    "memberships.promises": 60,
    "memberships.pause": 30,
    "memberships.resume": 30,
    "memberships.trials": 300,
    "memberships.remind": 300,
    "billing.janitor": 20,
    "billing.refund": 15,
    "billing.disputes": 60,
    "billing.recognise": 300,
    "billing.dunning": 30,
    "billing.prune": 3600,
    "billing.reconcile": 600,
    "memberships.ending": 300,
    "memberships.end": 30,
    "memberships.gifts": 600,
    "memberships.abandon": 60,
    "orders.abandon": 60,
    "orders.box_stops": 15,
    "orders.boxes": 30,
    "orders.box_closing": 300,
    "orders.forget_cards": 300,
    "orders.forget_baskets": 3600,
    "memberships.declarations": 10,
    "loyalty.expire": 600,
    "offers.suggest": 300,
    "offers.expire": 300,
    "campaigns.notices": 300,
    "campaigns.expiring_cards": 3600,
    "campaigns.review_requests": 900,
    "campaigns.advance": 60,
    "insights.rehearse": 5,
    "mail.deliver": 5,
    "accounts.export": 10,
    "accounts.erase": 30,
    "core.prune": 3600,
}


@worker_ready.connect
def look_at_once(**_signal: object) -> None:
    """Whoever starts a worker, after an outage above all, does not wait for the next ring."""
    for name, seconds in EVERY_SECONDS.items():
        app.send_task("core.run_sweep", args=[name], expires=seconds)


app.conf.beat_schedule = {
    name: {"task": "core.run_sweep", "args": [name], "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in EVERY_SECONDS.items()
}
