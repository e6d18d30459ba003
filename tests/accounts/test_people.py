"""Users by e-mail address."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.accounts import services
from apps.accounts.models import User
from tests.factories import accounts

pytestmark = pytest.mark.django_db


def test_address_is_stored_and_found_in_lower_case():
    user = User.objects.create_user("  Anna.Rossi@Example.COM ", "x", name="Anna Rossi")
    assert user.email == "anna.rossi@example.com"
    assert User.objects.get(email="ANNA.rossi@example.com") == user
    assert User.objects.get_by_natural_key("Anna.Rossi@example.com") == user


def test_second_account_with_the_same_address_in_other_case_is_refused():
    accounts.customer(email="anna@example.com")
    with pytest.raises(IntegrityError), transaction.atomic():
        accounts.customer(email="ANNA@example.com")
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1


def test_database_refuses_an_address_with_capitals_from_raw_sql():
    user = accounts.customer(email="anna@example.com")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = 'Anna@example.com' WHERE id = %s", [user.pk])
    user.refresh_from_db()
    assert user.email == "anna@example.com"


def test_empty_address_is_refused():
    with pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("", "x")
    assert User.objects.count() == 0


def test_enrolled_customer_has_the_shops_defaults_and_a_verified_address():
    user = accounts.customer(email="anna@example.com", name="Anna Rossi")
    assert (user.locale, user.country, user.time_zone, user.currency) == ("en", "IT", "Europe/Rome", "EUR")
    assert (user.is_staff, user.is_superuser, user.is_active, user.accepts_marketing) == (False, False, True, False)
    assert user.joined_at == accounts.JOINED
    assert user.check_password(accounts.PASSWORD)
    proof = EmailAddress.objects.get(user=user)
    assert (proof.email, proof.verified, proof.primary) == ("anna@example.com", True, True)


def test_vouching_twice_keeps_one_address():
    user = accounts.customer()
    services.vouch_for_address(user)
    assert EmailAddress.objects.filter(user=user).count() == 1


def test_without_a_password_nobody_can_log_in():
    user = accounts.customer(password=None)
    assert user.has_usable_password() is False


def test_superuser_can_log_in_without_a_mail():
    user = User.objects.create_superuser("Boss@example.com", "x", name="Boss")
    assert (user.is_staff, user.is_superuser) == (True, True)
    assert EmailAddress.objects.filter(user=user, email="boss@example.com", verified=True, primary=True).exists()


@pytest.mark.parametrize(
    ("name", "short", "greeting"),
    [
        ("Anna Rossi", "Anna", "Hello Anna,"),
        ("  Anna   Maria Rossi", "Anna", "Hello Anna,"),
        ("", "anna", "Hello,"),
        ("   ", "anna", "Hello,"),
    ],
)
def test_short_name_and_greeting(name, short, greeting):
    user = User(email="anna@example.com", name=name)
    assert user.short_name == short
    assert user.greeting == greeting


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Olympus"), ("country", "Italy"), ("country", "it"), ("currency", "XXX"), ("email", "anna")],
)
def test_bad_facts_are_named(field, value):
    user = accounts.customer()
    setattr(user, field, value)
    with pytest.raises(ValidationError) as refusal:
        user.full_clean()
    assert list(refusal.value.message_dict) == [field]


def test_marketable_are_active_verified_and_willing():
    willing = accounts.marketable()
    accounts.customer()
    inactive = accounts.marketable()
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    unverified = accounts.marketable()
    EmailAddress.objects.filter(user=unverified).update(verified=False)
    assert list(User.objects.marketable()) == [willing]
