"""A cancellation without a login: what takes effect by itself, what waits, and the link that undoes it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.mail.models import Message
from apps.memberships import clearing, errors, renewals, services
from apps.memberships.declarations import handle_due, undoing
from apps.memberships.models import Handling, Status, Subscription
from tests.factories import memberships as make

from .saying import say

pytestmark = pytest.mark.django_db

JOINED = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
END = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
LATER = JOINED + timedelta(days=20)


@pytest.fixture
def member(gateway) -> Subscription:
    return make.member(gateway, now=JOINED)


def settled(handling: Handling, *, now=LATER) -> Handling:
    handle_due(now=now)
    return Handling.objects.select_related("declaration", "subscription").get(pk=handling.pk)


def kinds() -> list[str]:
    rows = Message.objects.filter(created_at__gte=LATER).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_the_one_membership_of_the_address_ends_with_its_period(member):
    said = say("cancel", member.customer.email.upper(), now=LATER)
    assert (said.status, kinds()) == ("received", ["declaration-receipt"])
    member.refresh_from_db()
    assert member.ends_at is None

    done = settled(said)
    member.refresh_from_db()
    assert (done.status, done.subscription_id, done.customer_id) == ("done", member.pk, member.customer_id)
    assert (member.status, member.ends_at) == (Status.ACTIVE, END)
    assert kinds() == ["declaration-receipt", "cancellation-receipt"]
    assert handle_due(now=LATER) == 0


def test_the_receipt_says_when_to_the_second_and_what(member):
    at = LATER.replace(second=7)
    said = say("cancel", member.customer.email, contract="Grove", wanted_on=date(2026, 4, 25), now=at)
    letter = Message.objects.get(kind="declaration-receipt")
    assert letter.to_email == member.customer.email
    assert "21 April 2026, 10:00:07 UTC" in letter.text
    assert "Contract: Grove\nTo end: 25 April 2026" in letter.text
    assert f"/contract/letter/{said.secret}/" in letter.text
    assert letter.secret


def test_strangers_get_the_same_receipt_and_a_person_looks(member):
    known = say("cancel", member.customer.email, now=LATER, client="192.0.2.1")
    unknown = say("cancel", "stranger@example.com", now=LATER, client="192.0.2.1")
    first, second = Message.objects.filter(kind="declaration-receipt").order_by("pk")
    parts = [
        letter.text.replace(str(row.secret), "…").replace(row.declaration.email, "…")
        for letter, row in ((first, known), (second, unknown))
    ]
    assert parts[0] == parts[1]
    assert (first.user_id, second.user_id) == (None, None)

    waits = settled(unknown)
    assert (waits.status, waits.doubt, waits.customer, waits.subscription) == ("person", "no_match", None, None)


def test_undone_by_the_link_until_the_end(member):
    said = say("cancel", member.customer.email, now=LATER)
    settled(said)
    undoing.undo(said.secret, now=END - timedelta(seconds=1))
    undoing.undo(said.secret, now=END - timedelta(seconds=1))
    member.refresh_from_db()
    assert member.ends_at is None
    assert Handling.objects.get().status == "undone"
    assert kinds() == ["declaration-receipt", "cancellation-receipt", "cancellation-undone", "declaration-undone"]
    assert renewals.bill_due(now=END) == 1


def test_undone_before_the_workers_came(member):
    said = say("cancel", member.customer.email, now=LATER)
    undoing.undo(said.secret, now=LATER)
    assert handle_due(now=LATER) == 0
    member.refresh_from_db()
    assert member.ends_at is None


def test_too_late_to_undo(member):
    said = say("cancel", member.customer.email, now=LATER)
    settled(said)
    clearing.end_due(now=END)
    with pytest.raises(errors.NothingToChange):
        undoing.undo(said.secret, now=END)
    assert Handling.objects.get().status == "done"
    member.refresh_from_db()
    assert member.status == Status.ENDED


def test_a_cancellation_of_their_own_is_not_undone_by_the_link(member):
    services.request_cancel(member.pk, customer=member.customer, now=JOINED)
    said = say("cancel", member.customer.email, now=LATER)
    assert settled(said).status == "done"
    with pytest.raises(errors.NothingToChange):
        undoing.undo(said.secret, now=LATER)
    member.refresh_from_db()
    assert member.ends_at == END


def test_what_would_end_at_once_waits_a_day(now):
    free = make.free_member(now=JOINED)
    said = say("cancel", free.customer.email, now=LATER)
    waits = settled(said)
    assert (waits.status, waits.act_at) == ("waiting", LATER + timedelta(hours=24))
    assert handle_due(now=LATER + timedelta(hours=23)) == 0
    assert settled(said, now=LATER + timedelta(hours=24)).status == "done"
    free.refresh_from_db()
    assert free.status == Status.ENDED


def test_whoever_reads_the_letter_need_not_wait(now):
    free = make.free_member(now=JOINED)
    said = say("cancel", free.customer.email, now=LATER)
    settled(said)
    undoing.confirm(said.secret, now=LATER)
    undoing.confirm(said.secret, now=LATER)
    free.refresh_from_db()
    assert (free.status, free.ended_at) == (Status.ENDED, LATER)


def test_good_reason_cancels_and_asks_a_person(member):
    said = say("cancel", member.customer.email, manner="good_reason", cause="The trees died.", now=LATER)
    waits = settled(said)
    assert (waits.status, waits.doubt) == ("person", "good_reason")
    member.refresh_from_db()
    assert member.ends_at == END
    assert "Reason: The trees died." in waits.declaration.words


def test_good_reason_where_nothing_is_paid_ahead_asks_a_person_too():
    free = make.free_member(now=JOINED)
    said = say("cancel", free.customer.email, manner="good_reason", cause="The trees died.", now=LATER)
    assert settled(said).status == "waiting"
    assert settled(said, now=LATER + timedelta(hours=24)).doubt == "good_reason"
    free.refresh_from_db()
    assert free.status == Status.ENDED


@pytest.mark.parametrize(
    ("contract", "doubt"),
    [("order 4711", "unknown_number"), ("INV-99", "unknown_number"), ("my Grove membership", "")],
)
def test_what_is_named(member, contract, doubt):
    waits = settled(say("cancel", member.customer.email, contract=contract, now=LATER))
    assert (waits.status, waits.doubt) == (("person", doubt) if doubt else ("done", ""))


def test_named_by_invoice_or_membership_number(gateway):
    for number in ("invoice {invoice}", "no. {pk}"):
        member = make.member(gateway, now=JOINED)
        named = number.format(invoice=member.customer.invoices.get().number, pk=member.pk)
        said = say("cancel", member.customer.email, contract=named, now=LATER)
        assert settled(said).status == "done"
        member.refresh_from_db()
        assert member.ends_at == END


def test_a_number_of_somebody_else_names_nothing(gateway, member):
    theirs = make.member(gateway, now=JOINED)
    said = say("cancel", member.customer.email, contract=theirs.customer.invoices.get().number, now=LATER)
    assert settled(said).doubt == "unknown_number"
    for row in (member, theirs):
        row.refresh_from_db()
        assert row.ends_at is None


def test_a_day_after_the_present_period_is_for_a_person(member):
    later = settled(say("cancel", member.customer.email, wanted_on=date(2026, 8, 1), now=LATER))
    assert (later.status, later.doubt, later.subscription_id) == ("person", "later", member.pk)
    member.refresh_from_db()
    assert member.ends_at is None
