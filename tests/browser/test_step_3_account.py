"""Step 3: the account shows what there is, what comes next, and turns points into money off."""

from pathlib import Path

from playwright.sync_api import expect

from apps.billing import corrections
from apps.billing.models import Invoice
from apps.core.money import Money
from apps.loyalty import services as loyalty
from apps.loyalty.models import PointsAccount

from . import looks, people


def test_the_account_at_a_glance(shop, open_page, snap):
    joined = people.member(shop, "grove")
    invoice = Invoice.objects.get(customer=joined.customer)
    page = open_page()
    people.sign_in(page, joined.customer)
    membership = page.get_by_role("region", name="Grove")
    expect(membership).to_contain_text("Active")
    expect(membership).to_contain_text("€12.00 on")
    expect(membership).to_contain_text("Member prices on trees, pots and tools")
    expect(page.get_by_role("region", name="Card")).to_contain_text("Visa •••• 4242")
    expect(page.get_by_role("region", name="Points")).to_contain_text("75 points, worth €0.75")
    looks.check(page, "account", snap)

    page.get_by_role("link", name=invoice.number, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Invoice {invoice.number}")
    page.locator("details summary").filter(has_text="Grove").click()
    expect(page.get_by_text("VAT in the amount")).to_be_visible()
    looks.check(page, "invoice", snap)

    for name, address in (
        ("invoices", "/account/invoices/"),
        ("card", "/account/card/"),
        ("choose-plan", "/account/membership/change/"),
        ("cancel", "/account/membership/cancel/"),
    ):
        page.goto(address)
        if name == "card":
            expect(
                page.frame_locator('iframe[title="Secure payment input frame"]').get_by_label("Card number")
            ).to_be_visible()
        looks.check(page, name, snap)


def test_papers_are_kept_as_pdf_and_printed(shop, open_page, snap):
    joined = people.member(shop, "grove")
    invoice = Invoice.objects.get(customer=joined.customer)
    note = corrections.to_card(invoice.pk, amount=Money(500, "EUR"), key="late", reason="Late start", now=shop.now())
    page = open_page("/account/invoices/")
    people.sign_in(page, joined.customer)
    page.goto("/account/invoices/")
    page.get_by_role("link", name=f"Credit note {note.number}: €5.00").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Credit note {note.number}")
    expect(page.get_by_role("article")).to_contain_text("Reason: Late start")
    looks.check(page, "credit-note", snap)
    page.get_by_role("link", name=invoice.number).click()
    expect(page.get_by_role("region", name="Taken back")).to_contain_text("€5.00, back to the card")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename == f"{invoice.number}.pdf"
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

    page.emulate_media(media="print")
    for left_out in ("banner", "contentinfo"):
        expect(page.get_by_role(left_out)).to_be_hidden()
    expect(page.get_by_role("link", name="Download PDF")).to_be_hidden()
    expect(page.get_by_role("article")).to_contain_text("€12.00")
    snap(page, "print")


def test_points_make_the_next_charge_lower(shop, open_page, snap):
    joined = people.member(shop, "grove")
    user = joined.customer
    loyalty.earn(user.pk, points=425, key=f"gift:{user.pk}", reason="A gift", now=shop.now())
    page = open_page()
    people.sign_in(page, user)
    page.get_by_role("link", name="Use them on the next invoice").click()
    expect(page.get_by_text("You have 500 points, worth €5.00.")).to_be_visible()
    looks.check(page, "points", snap)
    page.get_by_label("Points to use").fill("501")
    page.locator("form.form").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_text("You have 500 points.", exact=True)).to_be_visible()
    page.get_by_label("Points to use").fill("300")
    page.get_by_role("button", name="Take it off my next invoice").click()

    expect(page.get_by_text("€3.00 are taken off your next invoice.")).to_be_visible()
    expect(page.get_by_role("region", name="Grove")).to_contain_text("€9.00 on")
    expect(page.get_by_role("region", name="Points")).to_contain_text("200 points, worth €2.00")
    assert PointsAccount.objects.balance_of(user) == 200

    renewal = people.renewal_due(shop, joined)
    assert (renewal.total_minor, renewal.credit_applied_minor, renewal.due_minor, renewal.status) == (
        1200,
        300,
        900,
        "paid",
    )
    assert people.charges(shop, user) == [("succeeded", 1200), ("succeeded", 900)]
    page.goto(f"/account/invoices/{renewal.number}/")
    expect(page.get_by_role("article")).to_contain_text("−€3.00")
    expect(page.get_by_role("article")).to_contain_text("€9.00")
    looks.check(page, "invoice-with-credit", snap)
