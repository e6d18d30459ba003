"""A change of plan gives unused time back in its own invoice. What went back so is not refunded again: never more goes
back, in money and credit together, than was paid for what was not used."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.billing import collection, corrections, credit, disputes, hints, limits, recognition, refunds, replay
from apps.billing.gateway.behaviours import decline
from apps.billing.models import CreditNote, GivenBack, Invoice, InvoiceLine, LedgerEntry, Payment, Refund
from apps.core.money import Money
from apps.memberships import services
from tests.factories import billing
from tests.factories import memberships as make

from .reading import books, posted

pytestmark = pytest.mark.usefixtures("own_database")

JOINED = datetime(2026, 4, 20, 10, 0, tzinfo=UTC)  # thirty days, so that the change is on the 5th of the next month
HALF_WAY = JOINED + timedelta(days=15)
LATER = JOINED + timedelta(days=16)
END = datetime(2026, 7, 1, tzinfo=UTC)
GIVEN_BACK = (
    "€6.00 was given back for unused time by invoice OR-000002, when the plan was changed; what is taken back of that "
    "invoice can be refunded here again."
)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.fixture
def member(gateway):
    """Grove for 12.00, changed half-way to Conservatory at 24.00: 6.00 given back, 12.00 charged, 6.00 paid."""
    member = make.member(gateway, "grove", now=JOINED)
    change(member, make.price("conservatory"), now=HALF_WAY)
    return member


def change(member, price, *, now) -> Invoice:
    done = services.change_plan(member.pk, price.pk, customer=member.customer, now=now)
    assert done.status == "done"
    return done.change.invoice


def bills() -> list[Invoice]:
    return list(Invoice.objects.order_by("pk"))


def left() -> list[int]:
    """What can go back to the card of each invoice."""
    return [corrections.payable_back(invoice).minor for invoice in bills()]


def refund(invoice: Invoice, minor: int, *, now=LATER) -> CreditNote:
    key = f"{CreditNote.objects.count()}"
    money = Money(minor, invoice.currency)
    return corrections.to_card(invoice.pk, amount=money, key=key, reason="Sorry", now=now)


def settle_everything() -> None:
    refunds.carry_out_due(now=LATER)
    recognition.recognise_due(now=END)


def money() -> dict[str, int]:
    """The books without the points, which are earned by what is paid."""
    return {account: minor for account, minor in books().items() if not account.startswith("points")}


def agrees_when_replayed() -> bool:
    return [found for batch in replay.walk() for found in batch.differences] == [] == replay.whole_ledger()


def test_what_a_change_gave_back_is_not_refunded_of_the_old_invoice(member):
    old, _new = bills()
    assert left() == [600, 600]
    before = LedgerEntry.objects.count()
    with pytest.raises(refunds.CannotRefund, match="601 EUR asked, 600 EUR left"):
        refund(old, 601)
    with pytest.raises(corrections.CannotCredit, match="1200 EUR asked, 600 EUR left"):
        corrections.to_credit(old.pk, amount=eur(1200), key="a", reason="", now=LATER)
    assert (LedgerEntry.objects.count(), Refund.objects.count(), CreditNote.objects.count()) == (before, 0, 0)

    note = refund(old, 600)
    assert (note.total, note.tax) == (eur(600), eur(108))
    # The time that is left of the old invoice has passed: it is revenue, not deferred.
    assert posted(f"credit-note:{note.pk}") == {"tax_payable": 108, "revenue": 492, "refunds_clearing": -600}
    assert left() == [0, 600]
    settle_everything()
    # Paid 18.00, of which 6.00 went back: the new plan is left, for half a month.
    assert money() == {"cash": 1200, "tax_payable": -216, "revenue": -984}
    assert agrees_when_replayed()


def test_each_month_keeps_the_revenue_of_what_was_served_and_paid(member):
    refund(bills()[0], 600)
    settle_everything()
    months = {"2026-04": 0, "2026-05": 0}
    for key, minor, at in LedgerEntry.objects.filter(account="revenue").values_list("key", "amount_minor", "at"):
        months[f"{at:%Y-%m}"] += minor if key.startswith(("revenue:", "credit-note:")) else 0
    # April had 10 days and 14 hours of thirty at 9.84. The refund of 4.92 is of May, where the rest of the old plan is.
    assert months == {"2026-04": -347, "2026-05": -984 + 347}


def test_taking_the_new_invoice_back_frees_what_it_gave_back(member):
    old, new = bills()
    refund(new, 600)
    assert left() == [1200, 0]
    assert [(row.amount_minor, row.tax_minor) for row in GivenBack.objects.all()] == [(600, 108), (-600, -108)]
    refund(old, 1200)
    assert left() == [0, 0]
    settle_everything()
    assert money() == {}
    assert agrees_when_replayed()


def test_a_part_of_the_new_invoice_frees_the_same_part(member):
    old, new = bills()
    refund(new, 200)
    assert list(GivenBack.objects.values_list("amount_minor", "tax_minor")) == [(600, 108), (-200, -36)]
    assert left() == [800, 400]
    refund(old, 800)
    refund(new, 400)
    assert left() == [400, 0]
    refund(old, 400)
    settle_everything()
    assert money() == {}
    assert agrees_when_replayed()


def test_two_changes_in_one_period_and_everything_taken_back(member):
    third = change(member, make.price("estate"), now=JOINED + timedelta(days=22, hours=12))
    # A quarter of 24.00 back, a quarter of 58.00 charged.
    assert third.total_minor == make.price("estate").amount_minor // 4 - 600
    assert left() == [600, 0, third.total_minor]
    newest_first = list(reversed(bills()))
    for invoice in newest_first:
        refund(invoice, corrections.payable_back(invoice).minor, now=END)
    assert Refund.objects.total_minor() == sum(Payment.objects.values_list("amount_minor", flat=True))
    refunds.carry_out_due(now=END)
    recognition.recognise_due(now=END)
    assert money() == {}
    assert agrees_when_replayed()


def test_a_refund_before_the_change_lowers_what_the_change_gives_back(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    refund(bills()[0], 300, now=JOINED)
    new = change(member, make.price("conservatory"), now=HALF_WAY)
    # Half of the 9.00 that are left.
    assert list(new.lines.values_list("amount_minor", flat=True)) == [-450, 1200]
    assert left() == [450, 750]


def test_a_plan_that_was_refunded_gives_nothing_back_when_it_is_changed_again(member):
    refund(bills()[1], 600)
    third = change(member, make.price("estate"), now=LATER + timedelta(days=1))
    assert [line.kind for line in third.lines.all()] == ["proration_charge"]
    assert left() == [1200, 0, third.total_minor]


def test_a_change_that_came_to_nothing_leaves_the_old_invoice_as_it_was(gateway):
    member = make.member(gateway, "grove", now=JOINED, script=(decline("insufficient_funds", first=2),))
    services.change_plan(member.pk, make.price("estate").pk, customer=member.customer, now=HALF_WAY)
    _old, new = bills()
    assert new.status == "void"
    assert left() == [1200, 0]
    assert GivenBack.objects.total_minor() == 0
    assert agrees_when_replayed()


def test_a_discount_is_given_back_with_the_plan(gateway):
    welcome = make.promotion(now=JOINED, percent_basis_points=2500)
    member = make.member(gateway, "grove", now=JOINED, promotion=welcome)
    change(member, make.price("conservatory"), now=HALF_WAY)
    # 12.00 less 3.00 was paid, half of it given back: 6.00 of the plan, 1.50 of the discount; 1.62 - 0.81 VAT.
    assert list(GivenBack.objects.order_by("pk").values_list("amount_minor", "tax_minor")) == [(600, 108), (-150, -27)]
    note = refund(bills()[0], 450)
    assert list(note.lines.values_list("amount_minor", "tax_minor")) == [(600, 108), (-150, -27)]
    assert left()[0] == 0


def test_yen_have_no_cents(gateway):
    member = make.join(gateway, make.special_price("grove", currency="JPY", amount_minor=1201), now=JOINED)
    new = change(
        member.subscription,
        make.special_price("conservatory", currency="JPY", amount_minor=2400),
        now=HALF_WAY,
    )
    # Half of 1201, rounded half up; half of the 217 of tax in it.
    assert list(new.lines.values_list("amount_minor", "tax_minor")) == [(-601, -109), (1200, 216)]
    assert left() == [600, 599]
    note = refund(bills()[0], 600)
    assert (note.total, note.tax) == (Money(600, "JPY"), Money(108, "JPY"))
    refund(new, 599)
    refund(bills()[0], 601)
    assert left() == [0, 0]
    settle_everything()
    assert money() == {}


@pytest.fixture
def disputed(gateway, member):
    """The bank took the 12.00 of the old invoice back."""
    payment = billing.payment_of(bills()[0])
    dispute = gateway.open_dispute(payment.gateway_id)
    hints.dispute_moved(dispute_id=dispute.id, intent_id=payment.gateway_id, now=LATER)
    disputes.ask_due(now=LATER)
    return dispute


@pytest.mark.parametrize("decided", [False, True])
def test_what_a_bank_took_is_not_given_as_credit_or_money_as_well(gateway, disputed, decided):
    if decided:
        gateway.decide_dispute(disputed.id, won=False)
        disputes.ask_due(now=LATER + timedelta(days=1))
    old, _new = bills()
    assert left() == [0, 600]
    assert corrections.creditable(old) == eur(0)
    with pytest.raises(corrections.CannotCredit, match="0 EUR left"):
        corrections.to_credit(old.pk, amount=eur(1), key="a", reason="", now=LATER)
    assert not CreditNote.objects.exists()


def test_a_disputed_period_gives_nothing_back_when_the_plan_is_changed(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    payment = billing.payment_of(bills()[0])
    opened = gateway.open_dispute(payment.gateway_id)
    hints.dispute_moved(dispute_id=opened.id, intent_id=payment.gateway_id, now=JOINED)
    disputes.ask_due(now=JOINED)
    new = change(member, make.price("conservatory"), now=HALF_WAY)
    assert [(line.kind, line.amount_minor) for line in new.lines.all()] == [("proration_charge", 1200)]


def test_staff_are_told_how_much_and_why(member):
    old, new = bills()
    said = limits.to_card(billing.payment_of(old))
    assert said.left == eur(600)
    assert said.text == (f"At most €6.00. €12.00 was paid by card. {GIVEN_BACK}")
    assert limits.to_card(billing.payment_of(new)).text == "At most €6.00."
    refund(old, 150)
    assert limits.to_credit(old).text == (
        f"At most €4.50. The invoice is of €12.00. Credit notes take back €1.50 of the invoice. {GIVEN_BACK}"
    )


def test_credit_that_paid_the_change_goes_back_once(gateway):
    member = make.member(gateway, "grove", now=JOINED)
    credit.grant(member.customer, money=eur(400), key="a", reason="", now=JOINED, source_account="points_expense")
    change(member, make.price("conservatory"), now=HALF_WAY)
    old, new = bills()
    assert (new.credit_applied, new.due) == (eur(400), eur(200))
    assert left() == [600, 200]
    refund(new, 200)
    assert corrections.creditable(new) == eur(400)
    corrections.to_credit(new.pk, amount=eur(400), key="a", reason="", now=LATER)
    assert (left(), credit.balance(member.customer, "EUR")) == ([1200, 0], eur(400))
    refund(old, 1200)
    settle_everything()
    # All 14.00 of money went back, and the credit is there again.
    assert money() == {"customer_credit": -400}


def test_the_database_refuses_to_give_back_what_went_back(gateway, now):
    user = billing.payer(gateway, now=now)
    old = billing.invoice(user, now=now)
    collection.collect_due(now=now)
    old.refresh_from_db()
    refund(old, 2000, now=now)
    other = billing.invoice(billing.payer(gateway, now=now), now=now)
    [line], [foreign] = old.lines.all(), other.lines.all()
    later = billing.invoice(user, now=now)
    [by] = later.lines.all()
    facts = {"by": by, "tax_minor": 0}
    for match, row in [
        ("more given back than is left", {"of": line, "amount_minor": 901}),
        ("does not add up", {"of": line, "amount_minor": 900}),
        ("of another customer", {"of": foreign, "amount_minor": 100}),
        ("of another customer", {"of": by, "amount_minor": 100}),
        ("something", {"of": line, "amount_minor": 0}),
    ]:
        with pytest.raises(IntegrityError, match=match), transaction.atomic():
            GivenBack.objects.create(**facts, **row)
    lines = [
        billing.plan_line(-901, start=now, kind="proration_credit", gives_back_of=[line.pk]),
        billing.plan_line(2900, start=now),
    ]
    with pytest.raises(ValueError, match="901 cannot be credited, 900 is left"):
        billing.invoice(user, now=now, lines=lines)
    assert not GivenBack.objects.exists()
    assert InvoiceLine.objects.count() == 3
