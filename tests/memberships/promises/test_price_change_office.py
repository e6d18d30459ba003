"""The back office: draft, preview, plan, withdraw; prices with their members; the promise on the customer's pages."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.core import sweeps
from apps.insights import queue
from apps.mail.models import Message
from apps.memberships.models import PriceChange, PriceChangeEntry, PricePromise
from apps.memberships.services import promises
from tests.factories import accounts
from tests.factories import memberships as make
from tests.factories import promises as promised
from tests.factories.promises import DAY, WORDS
from tests.storefront.pages import nothing_changes, said

pytestmark = pytest.mark.django_db
# Unfold's dialogs say so when they are sent, not opened.
SENT = {"_form_submitted": "on"}
APRIL = datetime(2026, 4, 10, 8, 0, tzinfo=UTC)


@pytest.fixture
def office(client, time_machine, now):
    """A browser in which a member of staff is signed in, on the day of planning."""
    time_machine.move_to(now, tick=False)
    client.staff = accounts.staff()
    client.force_login(client.staff)
    return client


def page(name: str, *args) -> str:
    return reverse(f"admin:memberships_{name}", args=args)


def terms(old, new, **changes) -> dict:
    return {
        "old_price": old.pk,
        "new_price": new.pk,
        "effective_at_0": "2026-03-21",
        "effective_at_1": "09:00:00",
        "notice_days": "35,10",
        "explanation": "Soil and water cost more.",
        "without_consent": "keep",
        "protected_months": "",
        "protected_until_0": "",
        "protected_until_1": "",
        "history-TOTAL_FORMS": "0",
        "history-INITIAL_FORMS": "0",
        **changes,
    }


def test_from_the_price_to_the_plan(office, member, now):
    old = promised.grove()
    address = page("price_plan_change", old.pk)
    answer = office.get(address, follow=True)
    assert said(answer) == ["This version is still on sale. Give the price a new version first."]
    new = promised.new_version(old, 1500, now=now)
    form = office.get(address, follow=True)
    assert form.redirect_chain[-1][0] == f"{page('pricechange_add')}?old_price={old.pk}&new_price={new.pk}"
    assert f'<option value="{old.pk}" selected>' in form.content.decode()

    answer = office.post(page("pricechange_add"), terms(old, new), follow=True)
    change = PriceChange.objects.get()
    assert answer.redirect_chain[-1][0] == page("pricechange_preview", change.pk)
    text = answer.content.decode()
    for fact in ("Members on the old price", "April 2026", "2026-03-06", "2026-03-31", "€9.84", "€12.30", "€2.46"):
        assert fact in text, fact
    assert member.customer.email in text
    with nothing_changes():
        office.get(page("pricechange_preview", change.pk))
        sweeps.run("memberships.promises", now=now)

    answer = office.post(page("pricechange_preview", change.pk), follow=True)
    assert said(answer)[0].startswith("The change is planned.")
    change.refresh_from_db()
    assert change.status == "planned"
    sweeps.run("memberships.promises", now=now)
    assert promised.of(member).applies_from == APRIL
    entries = PriceChangeEntry.objects.order_by("pk").values_list("new", "actor")
    assert list(entries) == [("draft", office.staff.email), ("planned", office.staff.email)]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"notice_days": "10,35"}, "falling whole days"),
        ({"notice_days": "soon"}, "Enter a whole number"),
        ({"effective_at_0": "2026-02-01"}, "can take effect from 2026-02-24 09:00 UTC on"),
        ({"explanation": ""}, "This field is required"),
    ],
)
def test_bad_terms_change_nothing(office, now, wrong, told):
    old = promised.grove()
    new = promised.new_version(old, 1500, now=now)
    with nothing_changes():
        answer = office.post(page("pricechange_add"), terms(old, new, **wrong))
    assert answer.status_code == 200
    assert told in answer.content.decode()


def test_a_draft_is_edited_and_a_planned_change_is_not(office, now, member):
    old = promised.grove()
    new = promised.new_version(old, 1500, now=now)
    change = promised.draft(old, new, now=now)
    address = page("pricechange_change", change.pk)
    office.post(address, terms(old, new, without_consent="end"))
    change.refresh_from_db()
    assert change.without_consent == "end"
    promises.plan(change.pk, actor="boss@example.com", now=now)
    with nothing_changes():
        assert office.post(address, terms(old, new, without_consent="keep")).status_code == 403


def test_withdrawing(office, change, member):
    address = page("pricechange_withdraw_this", change.pk)
    office.post(address, {**SENT, "reason": "Not this year"})
    change.refresh_from_db()
    assert change.status == "withdrawn"
    assert PriceChangeEntry.objects.filter(change=change).latest("pk").reason == "Not this year"


def test_the_preview_costs_the_same_for_any_number(office, member, now):
    old = promised.grove()
    change = promised.draft(old, promised.new_version(old, 1500, now=now), now=now)
    address = page("pricechange_preview", change.pk)
    office.get(address)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(address).status_code == 200
        return len(captured)

    few = statements()
    promised.copies(member, 120)
    assert statements() == few
    answer = office.get(address, {"page": "3"})
    assert len(answer.context["rows"]) == 21


def test_prices_show_their_members_and_what_they_were_promised(office, member, change, now):
    promised_members = promised.copies(member, 2)
    assert len(promised_members) == 2
    promises.agree(promised.of(member).pk, now=now + DAY, **WORDS)
    listed = office.get(page("price_changelist"))
    rows = {price.pk: price.members_now for price in listed.context["cl"].result_list}
    assert (rows[change.old_price_id], rows[change.new_price_id]) == (3, 0)
    shown = office.get(page("price_change", change.old_price_id)).content.decode()
    assert "2026-03-21: → €15.00 (agreed: 1)" in shown
    assert "Nothing." in office.get(page("price_change", change.new_price_id)).content.decode()


def test_the_promise_is_on_the_pages_of_the_member(office, member, change):
    promised.notify(member)
    assert "€12.00 / month (v1) → €15.00 (v2)" in office.get(page("subscription_change", member.pk)).content.decode()
    story = office.get(reverse("admin:insights_customer", args=[member.customer_id])).content.decode()
    assert "€12.00 → €15.00 from 10 April 2026" in story
    shown = office.get(page("pricepromise_change", promised.of(member).pk)).content.decode()
    assert "Sent 2026-03-06" in shown
    standing = office.get(page("pricechange_change", change.pk)).content.decode()
    assert "<p>no answer yet: 1</p>" in standing


def test_the_queue_of_held_promises(office, member, change, now):
    sweeps.run("memberships.promises", now=APRIL - 20 * DAY)
    waiting = {row.label: row for row in queue.waiting(now=now)}["Price promises held"]
    assert waiting.count == 1
    listed = office.get(waiting.url)
    assert [row.pk for row in listed.context["cl"].result_list] == [promised.of(member).pk]
    chosen = {"action": "let_keep", "_selected_action": [promised.of(member).pk]}
    answer = office.post(page("pricepromise_changelist"), chosen, follow=True)
    assert said(answer) == ["1 promise done."]
    answer = office.post(page("pricepromise_changelist"), {**chosen, "action": "give_new_date"}, follow=True)
    assert "This promise is not held." in said(answer)[0]
    assert promised.of(member).outcome == "kept"


def test_who_may_only_look(client, change, member, now, time_machine):
    time_machine.move_to(now, tick=False)
    reader = User.objects.create_user("clerk@example.com", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename__in=["view_pricechange", "view_pricepromise"]))
    client.force_login(reader)
    assert client.get(page("pricechange_changelist")).status_code == 200
    with nothing_changes():
        assert client.get(page("pricechange_add")).status_code == 403
        assert client.post(page("pricechange_preview", change.pk)).status_code == 403
        assert client.post(page("pricechange_withdraw_this", change.pk), {**SENT, "reason": "x"}).status_code == 403
        client.post(
            page("pricepromise_changelist"), {"action": "let_keep", "_selected_action": [promised.of(member).pk]}
        )


def test_every_list_opens(office, change, member):
    for name in ("pricechange", "pricepromise"):
        assert office.get(page(f"{name}_changelist")).status_code == 200
    assert PricePromise.objects.count() == 1


def test_the_explanation_is_written_and_read_in_the_language_of_the_member(office, gateway, now):
    italian = make.member(gateway, "grove", now=now - 10 * DAY, user=accounts.customer(locale="it"))
    english = make.member(gateway, "grove", now=now - 10 * DAY)
    old = promised.grove()
    new = promised.new_version(old, 1500, now=now)
    office.post(page("pricechange_add"), terms(old, new, explanation_it="Terra e acqua costano di più."))
    change = PriceChange.objects.get()
    office.post(page("pricechange_preview", change.pk))
    sweeps.run("memberships.promises", now=now)
    promised.notify(italian)
    promised.notify(english)
    said_to = {
        letter.user_id: letter.context["explanation"] for letter in Message.objects.filter(kind="price-change-notice")
    }
    assert said_to == {
        italian.customer_id: "Terra e acqua costano di più.",
        english.customer_id: "Soil and water cost more.",
    }
    shown = office.get(page("pricechange_change", change.pk)).content.decode()
    assert "Terra e acqua costano di più." in shown
    with pytest.raises(IntegrityError, match="is not edited"), transaction.atomic():
        PriceChange.objects.update(i18n={"explanation_it": "Altro."})
