"""Boxes: subscribe to one, and have the next one otherwise, later, on another day or not at all."""

from datetime import date

import pytest
from django.utils.translation import override
from playwright.sync_api import expect

from apps.accounts.models import User
from apps.billing import cards
from apps.catalog.models import BundleSlot, Product
from apps.memberships import signup
from apps.memberships.demo import BOX_GROUP
from apps.memberships.models import Plan, Price, Subscription
from apps.orders.boxes import joining
from apps.orders.models import Box, BoxRecipient, Order
from tests.factories.boxes import WHERE
from tests.factories.memberships import TERMS
from tests.stack import Stack, wait_for

from . import looks, people
from .test_step_8_ordering import fill_address
from .visits import EVERY_VISIT

PLAN = "small-seasonal-box"
HOME = f"/account/boxes/{BOX_GROUP}/"


def subscriber(shop: Stack, user: User) -> Subscription:
    """Somebody who gets a crate of lemons and a jar of marmalade each month, paid with a test card of the sandbox."""
    now, plan = shop.now(), Plan.objects.get(slug=PLAN)
    slots = Box.objects.get(plan=plan).product.slots.prefetch_related("choices")
    choices = {slot.pk: slot.choices.all()[0].variant_id for slot in slots}
    joining.prepare(user, plan, address=WHERE, choices=choices, now=now)
    price = Price.objects.offered(plan, currency=user.currency, unit="month", now=now)
    begun = signup.start(user, price.pk, now=now, **TERMS)
    setup = cards.start_setup(user, purpose="membership", now=now)
    signup.attach_setup(begun.token, user=user, setup_id=setup.id)
    people.api(shop).v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
    assert signup.complete(begun.token, user=user, setup_id=setup.id, now=now).status == "completed"
    return box_of(user)


def box_of(user: User) -> Subscription:
    return Subscription.objects.current_of(user, group=BOX_GROUP)


@EVERY_VISIT
def test_subscribe_to_a_box(shop, open_page, snap, visit):
    says = visit.says
    user = people.customer(shop, locale=visit.language)
    page = open_page(visit.path("/boxes/"), width=visit.width)
    small = visit.called(Plan, "Small seasonal box")
    page.get_by_role("link", name=small).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(small)
    people.sign_in(page, user, then=f"/boxes/{PLAN}/", visit=visit)
    mandarins, honey = (visit.called(Product, name) for name in ("Crate of mandarins", "Lemon blossom honey"))
    page.get_by_label(visit.called(BundleSlot, "The fruit")).select_option(label=mandarins)
    page.get_by_label(visit.called(BundleSlot, "The jar")).select_option(label=honey)
    # Another country has other fields, without another page.
    page.get_by_label(says("Country")).select_option("DE")
    expect(page.get_by_label(says("Province or state"))).to_have_count(0)
    page.get_by_label(says("Country")).select_option("IT")
    expect(page.get_by_label(says("Province or state"))).to_have_count(1)
    fill_address(page, visit, name="Nora Verdi")
    snap(page, "chosen")
    page.get_by_role("button", name=says("See the price and the terms")).click()
    page.wait_for_url(f"**/join/{PLAN}/month/")
    expect(page.get_by_role("main")).to_contain_text(mandarins)
    expect(page.get_by_role("main")).to_contain_text("Via Roma 1")
    assert not page.get_by_role("checkbox").is_checked()
    snap(page, "terms")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name=says("Go on to the card")).click()
    page.wait_for_url("**/join/pay/**")
    people.type_card(page)
    with override(visit.language):
        total = Price.objects.get(plan__slug=PLAN, currency="EUR", interval_count=1).amount.format()
    page.get_by_role("button", name=says("Subscribe and pay %(total)s", total=total)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(says("Your first box is being packed"))
    snap(page, "welcome")
    page.get_by_role("link", name=says("Go to your box")).click()
    expect(page.get_by_role("heading", name=says("Your next box"))).to_be_visible()
    shop.ring("orders.boxes")
    order = wait_for(lambda: Order.objects.filter(customer=user, kind="box", status="paid").first())
    pieces = order.lines.get().pieces.order_by("pk")
    assert [str(piece.variant) for piece in pieces] == ["Crate of mandarins", "Lemon blossom honey"]
    page.reload()
    expect(page.get_by_role("link", name=order.number)).to_be_visible()
    people.mail(shop, user, "membership-confirmation")
    assert people.charges(shop, user) == [("succeeded", 2400)]


@EVERY_VISIT
def test_swap_skip_and_move_the_next_box(shop, open_page, snap, visit):
    says = visit.says
    held = subscriber(shop, people.customer(shop, locale=visit.language))
    user, due = held.customer, held.next_bill_at
    page = open_page(width=visit.width)
    people.sign_in(page, user, then=HOME, visit=visit)
    click, _clicks = people.clicker(page)

    click("link", says("Change what is in it"))
    oranges = visit.called(Product, "Crate of blood oranges")
    page.get_by_label(visit.called(BundleSlot, "The fruit")).select_option(label=oranges)
    click("button", says("Put this in"))
    expect(page.get_by_text(says("Noted: this is in your next box."))).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(oranges)
    assert BoxRecipient.objects.get(customer=user).next_choices is not None

    click("button", says("Skip this box"))
    expect(page.get_by_text(says("Your next box is skipped: it is neither sent nor charged."))).to_be_visible()
    snap(page, "skipped")
    skipped = box_of(user)
    assert (skipped.pause_at, skipped.pause_kind) == (due, "skip")
    click("button", says("Do not skip it"))
    expect(page.get_by_text(says("Your next box comes on its own day again."))).to_be_visible()
    assert box_of(user).pause_at is None

    click("link", says("Move it to another day"))
    field = page.get_by_label(says("On which day?"))
    wanted = date.fromisoformat(field.get_attribute("min"))
    field.fill(wanted.isoformat())
    click("button", says("Move it"))
    expect(
        page.get_by_text(says("Your next box comes on the day you chose. We have sent you a confirmation."))
    ).to_be_visible()
    snap(page, "moved")
    moved = box_of(user)
    assert (moved.pause_at, (moved.resumes_at - due).days) == (due, 1)
    click("button", says("Let it come on its own day"))
    assert box_of(user).next_charge_at == due
    assert people.charges(shop, user) == [("succeeded", 2400)]


@EVERY_VISIT
def test_cancel_a_box_and_undo(shop, open_page, snap, visit):
    says = visit.says
    held = subscriber(shop, people.customer(shop, locale=visit.language))
    user, end = held.customer, held.current_end
    page = open_page(width=visit.width)
    people.sign_in(page, user, visit=visit)
    click, clicks = people.clicker(page)

    click("link", says("See, change or skip the next one"))
    click("link", says("Cancel the boxes"))
    expect(page.get_by_role("button", name=says("Skip the next box instead"))).to_be_visible()
    snap(page, "cancel")
    click("button", says("Cancel now"))
    assert len(clicks) <= 3
    expect(page.get_by_text(says("Your boxes are cancelled. We have sent you a confirmation."))).to_be_visible()
    snap(page, "cancelled")
    assert box_of(user).ends_at == end
    people.mail(shop, user, "cancellation-receipt")
    click("button", says("Undo the cancellation"))
    expect(page.get_by_text(says("Good to have you with us: your boxes go on as before."))).to_be_visible()
    kept = box_of(user)
    assert (kept.status, kept.ends_at, kept.next_bill_at) == ("active", None, end)


def test_have_the_next_box_now(shop, open_page, snap):
    held = subscriber(shop, people.customer(shop))
    page = open_page()
    people.sign_in(page, held.customer, then=HOME)
    page.get_by_role("link", name="Have it now").click()
    expect(page.locator("[data-due]")).to_have_text("€24.00")
    page.get_by_role("button", name="Order now and pay €24.00").click()
    expect(page.get_by_text("Your next box is ordered and paid: €24.00. We pack it now.")).to_be_visible()
    assert people.charges(shop, held.customer) == [("succeeded", 2400)] * 2
    shop.ring("orders.boxes")
    wait_for(lambda: Order.objects.filter(customer=held.customer, kind="box").count() == 2)


@pytest.mark.parametrize("name", ["", "contents/", "move/", "order/", "address/", "cancel/", "change/", "pause/"])
def test_how_the_pages_of_a_box_look(shop, open_page, snap, name):
    held = subscriber(shop, people.customer(shop))
    page = open_page()
    people.sign_in(page, held.customer, then=f"{HOME}{name}")
    looks.check(page, name.strip("/") or "box", snap)


@pytest.mark.parametrize("signed_in", [False, True])
def test_how_the_shelf_and_a_box_look(shop, open_page, snap, signed_in):
    page = open_page("/boxes/")
    if signed_in:
        people.sign_in(page, people.customer(shop), then=f"/boxes/{PLAN}/")
        looks.check(page, "form", snap)
        return
    looks.check(page, "shelf", snap)
    page.goto("/boxes/large-seasonal-box/")
    looks.check(page, "box", snap)
