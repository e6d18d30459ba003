"""Erasure: what stands in the way, the link that confirms, and that nothing but the invoices names the person."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.accounts import erasing, exporting
from apps.accounts.models import Consent, Erasure, User
from apps.billing.models import Card, Invoice, LedgerEntry
from apps.mail import delivery
from apps.mail.models import Message
from apps.memberships import services
from apps.memberships.models import Handling
from tests.factories import accounts, gifts
from tests.factories import memberships as make
from tests.privacy import stories

pytestmark = pytest.mark.django_db


def settle(user: User, *, now) -> None:
    """Whatever of the story still waits for a person is answered, and all mail has left."""
    from apps.memberships.declarations import handling

    for row in Handling.objects.for_a_person():
        handling.answer(row.pk, f"Dear {stories.NAME}, we found nothing.", actor="staff@example.com", now=now)
    delivery.deliver_due(now=now)


def erase(user: User, *, now) -> None:
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    assert erasing.carry_out_due(now=now + timedelta(hours=2)) == 1


def test_nothing_but_the_invoices_names_them(gateway, now):
    user = stories.lived(gateway, now=now)
    later = now + timedelta(days=5)
    settle(user, now=later)
    exporting.request(user, now=later)
    exporting.make_due(now=later)
    books = list(LedgerEntry.objects.order_by("pk").values_list("key", "account", "amount_minor", "customer"))
    invoices = Invoice.objects.filter(customer=user).count()
    before = stories.who_names(stories.NAME, stories.EMAIL)
    assert {
        "accounts_user",
        "accounts_consent",
        "mail_message",
        "memberships_history",
        "memberships_declaration",
        "orders_order",
        "accounts_address",
        "catalog_review",
    } <= set(before)

    erase(user, now=later)

    assert stories.who_names(stories.NAME, stories.EMAIL) == {"billing_invoice": {"customer_name", "customer_address"}}
    assert list(LedgerEntry.objects.order_by("pk").values_list("key", "account", "amount_minor", "customer")) == books
    assert Invoice.objects.filter(customer=user, customer_email=f"erased-{user.pk}@erased.invalid").count() == invoices
    gone = User.objects.get(pk=user.pk)
    assert (gone.is_active, gone.name, gone.has_usable_password()) == (False, "", False)
    assert not Card.objects.usable().filter(profile__user=user).exists()
    assert Consent.objects.filter(user=user).exists()
    assert Erasure.objects.get().done_at is not None
    assert erasing.carry_out_due(now=later + timedelta(days=1)) == 0


def test_a_new_account_with_the_same_address(gateway, now):
    user = accounts.customer(email=stories.EMAIL)
    erase(user, now=now)
    assert accounts.customer(email=stories.EMAIL).pk != user.pk


def test_the_last_letter_leaves_first(now):
    user = accounts.customer()
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    assert erasing.next_due(now=now) == now + timedelta(hours=1)
    assert erasing.carry_out_due(now=now) == 0
    delivery.deliver_due(now=now)
    assert erasing.carry_out_due(now=now) == 1
    assert set(Message.objects.values_list("text", flat=True)) == {"–"}


def test_only_the_letter_confirms(now):
    user = accounts.customer()
    erasure = erasing.request(user, now=now)
    assert erasing.carry_out_due(now=now + timedelta(days=9)) == 0
    assert f"/account/erase/{erasure.secret}/" in Message.objects.get(kind="erasure-confirm").text
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.parametrize("paid", [True, False])
def test_not_while_a_membership_is_open(gateway, now, paid):
    member = make.member(gateway, now=now) if paid else make.free_member(now=now)
    with pytest.raises(erasing.CannotErase, match="You have a membership"):
        erasing.request(member.customer, now=now)
    assert not Erasure.objects.exists()


def test_not_while_there_is_credit_or_a_gift_to_deliver(gateway, now):
    from apps.billing import credit
    from apps.billing.models import Account
    from apps.core.money import Money

    user = accounts.customer()
    credit.grant(user, money=Money(500, "EUR"), key="k", reason="Sorry", now=now, source_account=Account.REVENUE)
    assert erasing.obstacles(user) == ["You have €5.00 of credit. Use it, or write to us to have it paid out."]
    giver = accounts.customer()
    gifts.bought(gateway, now=now, buyer=giver, email="bea@example.com", deliver_at=now + timedelta(days=30))
    assert erasing.obstacles(giver) == ["A gift from you is not delivered yet. Wait for its day, or take it back."]


def test_not_the_staff():
    assert erasing.obstacles(accounts.staff()) != []


def test_joined_again_after_confirming(gateway, now):
    user = accounts.customer()
    erasing.confirm(erasing.request(user, now=now).secret, now=now)
    make.free_member(now=now, user=user)
    assert erasing.carry_out_due(now=now + timedelta(hours=2)) == 0
    erasure = Erasure.objects.get()
    assert (erasure.confirmed_at, erasure.done_at) == (None, None)
    assert "You have a membership" in erasure.problem
    user.refresh_from_db()
    assert user.is_active


def test_invoices_forget_nothing_else_and_nothing_without_erasure(gateway, now):
    from apps.core.append_only import erasing as open_erasure

    member = make.member(gateway, now=now)
    mine = Invoice.objects.filter(customer=member.customer)
    with pytest.raises(DatabaseError), transaction.atomic():
        mine.update(customer_email="x@example.com")
    for change in ({"customer_name": ""}, {"total_minor": 1}):
        with pytest.raises(DatabaseError), open_erasure():
            mine.update(**change)
    services.request_cancel(member.pk, customer=member.customer, now=now)
    assert mine.get().customer_email == member.customer.email
