"""Without a login: withdraw, cancel and undo by the mailed link; signed in: the copy of one's data, and erasure."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

from apps.accounts.models import DataExport, Erasure, User
from apps.mail.models import Message
from apps.memberships.models import Handling, Subscription
from tests.stack import wait_for

from . import people

WIDTHS = pytest.mark.parametrize("width", [390, 1280])


def fill_in(page, user: User) -> None:
    page.get_by_label("Your name").fill(user.name)
    page.get_by_label("Your e-mail address").fill(user.email)
    page.get_by_role("button", name="Go on").click()


def letter_to(shop, handling: Handling) -> str:
    """The link in the receipt, once it has left."""
    receipt = people.mail_by_key(shop, f"declaration-receipt:{handling.declaration_id}")
    return people.link_in(receipt, "/contract/letter/")


@WIDTHS
def test_withdraw_without_a_login(shop, open_page, snap, width):
    joined = people.member(shop, "grove")
    page = open_page("/pricing/", width=width)
    page.get_by_role("link", name="Withdraw from contract here").click()
    snap(page, f"form-{width}")
    fill_in(page, joined.customer)
    snap(page, f"confirm-{width}")
    page.get_by_role("button", name="Withdraw now").click()
    expect(page.get_by_role("heading", name="Your withdrawal has arrived")).to_be_visible()
    snap(page, f"receipt-{width}")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as text").click()
    assert joined.customer.email in saved.value.path().read_text()

    handling = Handling.objects.get(declaration__email=joined.customer.email)
    shop.ring("memberships.declarations")
    wait_for(lambda: Handling.objects.get(pk=handling.pk).status == "waiting")
    page.goto(letter_to(shop, handling))
    snap(page, f"letter-{width}")
    page.get_by_role("button", name="It was me: do not wait").click()
    expect(page.get_by_text("It is carried out: the contract has ended")).to_be_visible()
    assert Subscription.objects.get(pk=joined.pk).end_reason == "withdrawn"
    shop.ring("billing.refund")
    wait_for(lambda: Message.objects.of_user(joined.customer_id).filter(kind="refund-sent").exists())


@WIDTHS
def test_cancel_without_a_login_and_undo_by_the_letter(shop, open_page, snap, width):
    joined = people.member(shop, "grove")
    page = open_page("/", width=width)
    page.get_by_role("link", name="Cancel contract here").click()
    assert page.get_by_label("Ordinary cancellation").is_checked()
    fill_in(page, joined.customer)
    page.get_by_role("button", name="Cancel now").click()
    expect(page.get_by_role("heading", name="Your cancellation has arrived")).to_be_visible()

    handling = Handling.objects.get(declaration__email=joined.customer.email)
    shop.ring("memberships.declarations")
    wait_for(lambda: Handling.objects.get(pk=handling.pk).status == "done")
    assert Subscription.objects.get(pk=joined.pk).ends_at == joined.current_end
    page.goto(letter_to(shop, handling))
    page.get_by_role("button", name="This was not me: undo it").click()
    expect(page.get_by_text("It is undone: nothing ends because of it.")).to_be_visible()
    snap(page, f"undone-{width}")
    assert Subscription.objects.get(pk=joined.pk).ends_at is None


@WIDTHS
def test_the_copy_and_the_erasure(shop, open_page, snap, width):
    user = people.customer(shop, name="Olga Verdi")
    page = open_page(width=width)
    people.sign_in(page, user, then="/account/privacy/")
    page.get_by_role("button", name="Make a copy").click()
    expect(page.get_by_text("It is being put together.")).to_be_visible()
    shop.ring("accounts.export")
    wait_for(lambda: DataExport.objects.filter(user=user, status="ready").exists())
    page.reload()
    snap(page, f"ready-{width}")
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    file = zipfile.ZipFile(io.BytesIO(saved.value.path().read_bytes()))
    assert user.email in file.read("data.json").decode()

    page.get_by_role("button", name="Send me the link to confirm").click()
    letter = people.mail(shop, user, "erasure-confirm")
    page.goto(people.link_in(letter, "/account/erase/"))
    page.get_by_role("button", name="Erase my account now").click()
    expect(page.get_by_text("It is confirmed.")).to_be_visible()
    snap(page, f"confirmed-{width}")
    shop.ring("mail.deliver")
    last = Message.objects.filter(user_id=user.pk)
    wait_for(lambda: not last.exclude(status__in=["sent", "cancelled"]).exists())
    shop.ring("accounts.erase")
    wait_for(lambda: Erasure.objects.get(user=user).done_at is not None)
    assert not User.objects.filter(email=user.email).exists()
    page.goto("/account/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_the_pages_look_right(shop, open_page, snap):
    from . import looks

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
