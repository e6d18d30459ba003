"""Evidence of what people agreed to."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from apps.accounts import consents, services
from apps.accounts.models import Consent
from apps.mail.models import Message
from tests.factories import accounts
from tests.mail.letters import put_marketing, put_service

pytestmark = pytest.mark.django_db

TERMS = "I want Grove for €9.00 a month, renewed every month until I cancel."
TERMS_HASH = "8f2989b6a400a0fd1b2fcc35f79b5f957ad313fd9e9b9d67d9b148b42e653773"


def terms(user, now, **changes) -> Consent:
    facts = {
        "kind": "subscription_terms",
        "version": "terms-2026-11",
        "text": TERMS,
        "granted": True,
        "source": "join",
        "now": now,
    }
    return services.record_consent(user, **{**facts, **changes})


def test_consent_keeps_the_words_their_hash_and_the_time(now):
    user = accounts.customer(email="anna@example.com")
    consent = terms(user, now, key="signup:1")
    consent.refresh_from_db()
    assert (consent.user, consent.email, consent.kind) == (user, "anna@example.com", "subscription_terms")
    assert (consent.version, consent.text, consent.granted) == ("terms-2026-11", TERMS, True)
    assert (consent.at, consent.source, consent.key) == (now, "join", "signup:1")
    assert consent.text_hash == TERMS_HASH


def test_second_consent_with_a_key_is_the_first(now):
    user = accounts.customer()
    first = terms(user, now, key="signup:1")
    second = terms(user, now + timedelta(hours=1), key="signup:1", text="Other words")
    assert second == first
    assert Consent.objects.get().text == TERMS


def test_without_a_key_every_answer_is_kept(now):
    user = accounts.customer()
    terms(user, now)
    later = terms(user, now + timedelta(days=1), granted=False)
    assert Consent.objects.count() == 2
    assert Consent.objects.latest_of(user, "subscription_terms") == later


@pytest.mark.parametrize("bad", [{"kind": "cookies"}, {"version": ""}, {"text": "  "}])
def test_bad_consent_is_refused(now, bad):
    user = accounts.customer()
    with pytest.raises(ValueError):
        terms(user, now, **bad)
    assert Consent.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_consent SET granted = false",
        "DELETE FROM accounts_consent",
        "TRUNCATE accounts_consent CASCADE",
    ],
)
def test_evidence_only_grows(now, statement):
    terms(accounts.customer(), now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert Consent.objects.get().granted is True


def test_marketing_on_and_off_leaves_a_history(now):
    user = accounts.customer()
    assert services.set_marketing(user, granted=True, source="account", now=now) is True
    assert services.set_marketing(user, granted=False, source="account", now=now + timedelta(days=1)) is True
    history = Consent.objects.filter(user=user, kind="marketing").order_by("at")
    assert [(row.granted, row.source, row.version, row.at) for row in history] == [
        (True, "account", consents.MARKETING_VERSION, now),
        (False, "account", consents.MARKETING_VERSION, now + timedelta(days=1)),
    ]
    assert {row.text for row in history} == {consents.marketing_text()}
    user.refresh_from_db()
    assert user.accepts_marketing is False


def test_the_same_answer_again_is_not_stored_again(now):
    user = accounts.customer()
    assert services.set_marketing(user, granted=False, source="account", now=now) is False
    assert services.set_marketing(user, granted=True, source="account", now=now) is True
    assert services.set_marketing(user, granted=True, source="account", now=now) is False
    assert Consent.objects.count() == 1


def test_refusing_marketing_cancels_what_has_not_left_and_keeps_service_mail(now):
    user, other = accounts.marketable(), accounts.marketable()
    news = put_marketing(user, key="news:1", now=now)
    others_news = put_marketing(other, key="news:2", now=now)
    receipt = put_service(user, key="receipt:1", now=now)
    services.set_marketing(user, granted=False, source="account", now=now)
    states = dict(Message.objects.values_list("key", "status"))
    assert states == {"news:1": "cancelled", "news:2": "pending", "receipt:1": "pending"}
    news.refresh_from_db()
    assert news.cancelled_at == now
    assert (others_news.cancelled_at, receipt.cancelled_at) == (None, None)
