"""Two people with one card, at the same moment: one of them has the trial."""

from datetime import UTC, datetime
from threading import Barrier, Thread

from django.db import connection

from apps.billing import gateway as gateways
from apps.mail.models import Message
from apps.memberships import errors, signup, trials
from apps.memberships.models import Signup, Status, Subscription, TrialUse
from tests.factories import memberships as make

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def together(*acts) -> None:
    """Carry the acts out at the same moment, each over a connection of its own."""
    start = Barrier(len(acts))

    def run(act) -> None:
        try:
            start.wait()
            act()
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_card_has_one_trial(own_database, gateway):
    chosen = make.special_price("conservatory", trial_days=14)
    begun = [make.begin(gateway, chosen, now=NOW, fingerprint="shared") for _person in range(4)]
    refused: list[str] = []

    def complete(one: Signup, setup_id: str) -> None:
        with gateways.using(gateway):
            try:
                signup.complete(one.token, user=one.customer, setup_id=setup_id, now=NOW)
            except errors.TrialUsed as refusal:
                refused.append(str(refusal))

    together(*[lambda one=one, setup_id=setup_id: complete(one, setup_id) for one, setup_id in begun])
    assert Subscription.objects.get().status == Status.TRIALING
    assert TrialUse.objects.get().subscription == Subscription.objects.get()
    assert len(refused) == 3
    assert Signup.objects.filter(status="open", subscription=None).count() == 3


def test_two_workers_send_one_notice(own_database, gateway):
    chosen = make.special_price("conservatory", trial_days=14)
    for number in range(6):
        make.join(gateway, chosen, now=NOW, fingerprint=str(number))
    due = Subscription.objects.order_by("pk")[0].next_bill_at
    together(*[lambda: trials.announce_due(now=due)] * 3)
    assert not Subscription.objects.trials_to_announce().exists()
    assert Message.objects.filter(kind="trial-ending").count() == 6
