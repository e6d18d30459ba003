"""Step 6: leaving takes three clicks at most, ends with the paid period, and can be undone until then."""

from playwright.sync_api import expect

from apps.billing.models import Invoice
from apps.memberships.models import Subscription
from tests.stack import wait_for

from . import people
from .visits import EVERY_VISIT


@EVERY_VISIT
def test_cancel_undo_cancel_again_and_the_end(shop, open_page, snap, visit):
    says = visit.says
    joined = people.member(shop, "grove", user=people.customer(shop, locale=visit.language))
    user, end = joined.customer, joined.current_end
    page = open_page(width=visit.width)
    people.sign_in(page, user, visit=visit)
    click, clicks = people.clicker(page)

    click("link", says("Cancel membership"))
    snap(page, "cancel")
    assert [box.is_checked() for box in page.get_by_role("radio").all()] == [False] * 6
    click("button", says("Cancel now"))
    assert len(clicks) <= 3
    expect(page.get_by_text(says("Your membership is cancelled. We have sent you a confirmation."))).to_be_visible()
    expect(page.get_by_role("button", name=says("Undo the cancellation"))).to_be_visible()
    snap(page, "cancelled")
    left = Subscription.objects.get(pk=joined.pk)
    assert (left.status, left.ends_at, left.cancel_reason) == ("active", end, "")
    receipt = people.mail(shop, user, "cancellation-receipt")
    assert receipt.created_at >= joined.started_at

    click("button", says("Undo the cancellation"))
    expect(page.get_by_text(says("Good to have you with us: your membership goes on as before."))).to_be_visible()
    kept = Subscription.objects.get(pk=joined.pk)
    assert (kept.status, kept.ends_at, kept.next_bill_at) == ("active", None, end)
    people.mail(shop, user, "cancellation-undone")

    click("link", says("Cancel membership"))
    page.get_by_label(says("Another reason")).check()
    page.get_by_text(says("Add a note")).click()
    page.get_by_label(says("Anything we should know?")).fill("Off to the mountains.")
    click("button", says("Cancel now"))
    expect(page.get_by_role("button", name=says("Undo the cancellation"))).to_be_visible()
    people.travel(shop, end)
    shop.ring("memberships.bill", "memberships.end")
    wait_for(lambda: Subscription.objects.get(pk=joined.pk).status == "ended")

    click("button", says("Undo the cancellation"))
    over = Subscription.objects.get(pk=joined.pk)
    assert (over.status, over.end_reason, over.cancel_reason, over.cancel_note) == (
        "ended",
        "cancelled",
        "other",
        "Off to the mountains.",
    )
    assert over.ended_at >= end
    page.goto(visit.path("/account/"))
    expect(page.get_by_role("heading", name=says("You are not a member yet"))).to_be_visible()
    people.mail(shop, user, "membership-ended")
    assert Invoice.objects.of(user).count() == 1
    assert people.charges(shop, user) == [("succeeded", 1200)]
