"""Without a login: withdraw, cancel and undo by the mailed link; signed in: the copy of one's data, and erasure."""

import io
import zipfile

from playwright.sync_api import expect

from apps.accounts.models import DataExport, Erasure, User
from apps.mail.models import Message
from apps.memberships.models import Handling, Subscription
from tests.stack import wait_for

from . import looks, people
from .visits import EVERY_VISIT, Visit


def fill_in(page, user: User, visit: Visit) -> None:
    page.get_by_label(visit.says("Your name")).fill(user.name)
    page.get_by_label(visit.says("Your e-mail address")).fill(user.email)
    page.get_by_role("button", name=visit.says("Go on")).click()


def member(shop, visit: Visit) -> Subscription:
    return people.member(shop, "grove", user=people.customer(shop, locale=visit.language))


def letter_to(shop, handling: Handling) -> str:
    """The link in the receipt, once it has left."""
    receipt = people.mail_by_key(shop, f"declaration-receipt:{handling.declaration_id}")
    return people.link_in(receipt, "/contract/letter/")


@EVERY_VISIT
def test_withdraw_without_a_login(shop, open_page, snap, visit):
    says, joined = visit.says, member(shop, visit)
    page = open_page(visit.path("/pricing/"), width=visit.width)
    page.get_by_role("link", name=says("Withdraw from contract here")).click()
    snap(page, "form")
    fill_in(page, joined.customer, visit)
    snap(page, "confirm")
    page.get_by_role("button", name=says("Withdraw now")).click()
    expect(page.get_by_role("heading", name=says("Your withdrawal has arrived"))).to_be_visible()
    snap(page, "receipt")
    with page.expect_download() as saved:
        page.get_by_role("link", name=says("Save as text")).click()
    assert joined.customer.email in saved.value.path().read_text()

    handling = Handling.objects.get(declaration__email=joined.customer.email)
    shop.ring("memberships.declarations")
    wait_for(lambda: Handling.objects.get(pk=handling.pk).status == "waiting")
    page.goto(letter_to(shop, handling))
    snap(page, "letter")
    page.get_by_role("button", name=says("It was me: do not wait")).click()
    expect(
        page.get_by_text(says("It is carried out: the contract has ended, and what you paid goes back."))
    ).to_be_visible()
    assert Subscription.objects.get(pk=joined.pk).end_reason == "withdrawn"
    shop.ring("billing.refund")
    wait_for(lambda: Message.objects.of_user(joined.customer_id).filter(kind="refund-sent").exists())


@EVERY_VISIT
def test_cancel_without_a_login_and_undo_by_the_letter(shop, open_page, snap, visit):
    says, joined = visit.says, member(shop, visit)
    page = open_page(visit.path("/"), width=visit.width)
    page.get_by_role("link", name=says("Cancel contract here")).click()
    assert page.get_by_label(says("Ordinary cancellation")).is_checked()
    fill_in(page, joined.customer, visit)
    page.get_by_role("button", name=says("Cancel now")).click()
    expect(page.get_by_role("heading", name=says("Your cancellation has arrived"))).to_be_visible()

    handling = Handling.objects.get(declaration__email=joined.customer.email)
    shop.ring("memberships.declarations")
    wait_for(lambda: Handling.objects.get(pk=handling.pk).status == "done")
    assert Subscription.objects.get(pk=joined.pk).ends_at == joined.current_end
    page.goto(letter_to(shop, handling))
    page.get_by_role("button", name=says("This was not me: undo it")).click()
    expect(page.get_by_text(says("It is undone: nothing ends because of it."))).to_be_visible()
    snap(page, "undone")
    assert Subscription.objects.get(pk=joined.pk).ends_at is None


@EVERY_VISIT
def test_the_copy_and_the_erasure(shop, open_page, snap, visit):
    says, user = visit.says, people.customer(shop, name="Olga Verdi", locale=visit.language)
    page = open_page(width=visit.width)
    people.sign_in(page, user, then="/account/privacy/", visit=visit)
    page.get_by_role("button", name=says("Make a copy")).click()
    told = says("It is being put together. A message comes to you within minutes.")
    expect(page.get_by_text(told).first).to_be_visible()
    shop.ring("accounts.export")
    wait_for(lambda: DataExport.objects.filter(user=user, status="ready").exists())
    page.reload()
    snap(page, "ready")
    with page.expect_download() as saved:
        page.get_by_role("link", name=says("Download")).click()
    file = zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes()))
    assert user.email in file.read("data.json").decode()

    page.get_by_role("button", name=says("Send me the link to confirm")).click()
    letter = people.mail(shop, user, "erasure-confirm")
    page.goto(people.link_in(letter, "/account/erase/"))
    page.get_by_role("button", name=says("Erase my account now")).click()
    expect(
        page.get_by_text(
            says("It is confirmed. Your account is erased within the hour; one last message tells you so.")
        )
    ).to_be_visible()
    snap(page, "confirmed")
    shop.ring("mail.deliver")
    last = Message.objects.filter(user_id=user.pk)
    wait_for(lambda: not last.exclude(status__in=["sent", "cancelled"]).exists())
    shop.ring("accounts.erase")
    wait_for(lambda: Erasure.objects.get(user=user).done_at is not None)
    assert not User.objects.filter(email=user.email).exists()
    page.goto(visit.path("/account/"))
    expect(page.get_by_role("button", name=says("Sign In"))).to_be_visible()


def test_the_pages_look_right(shop, open_page, snap):
    joined = people.member(shop, "grove")
    page = open_page("/contract/cancel/")
    looks.check(page, "cancel-here", snap)
    page.goto("/contract/withdraw/")
    looks.check(page, "withdraw-here", snap)
    people.sign_in(page, joined.customer)
    for name, path in (
        ("withdraw", "/account/membership/withdraw/"),
        ("settings", "/account/settings/"),
        ("messages", "/account/messages/"),
        ("privacy", "/account/privacy/"),
    ):
        page.goto(path)
        looks.check(page, name, snap)
