"""What tests read from the books."""

from collections.abc import Callable
from contextlib import contextmanager

from django.dispatch import Signal

from apps.billing.models import LedgerEntry
from apps.mail.models import Message


def posted(key: str) -> dict[str, int]:
    """The entries of a document by account."""
    return dict(LedgerEntry.objects.of_document(key).values_list("account", "amount_minor"))


def books() -> dict[str, int]:
    """The balance of every account that is not zero, in EUR."""
    return {account: minor for (account, _currency), minor in LedgerEntry.objects.balances().items() if minor}


def mails(user) -> list[str]:
    """The kinds of mail put for a person, oldest first."""
    return list(
        Message.objects.filter(user_id=user.pk, key__contains=":").order_by("pk").values_list("kind", flat=True)
    )


def history(row) -> list[tuple[str, str]]:
    """The statuses a row went through."""
    return list(row.changes.order_by("pk").values_list("old", "new"))


@contextmanager
def heard(signal: Signal, also: Callable[..., None] | None = None):
    """Collect what a signal announces as dictionaries without sender; `also` runs inside the receiver."""
    announced: list[dict] = []

    def receive(sender, signal, **facts):
        announced.append(facts)
        if also:
            also(**facts)

    signal.connect(receive)
    try:
        yield announced
    finally:
        signal.disconnect(receive)
