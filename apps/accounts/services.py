"""What is written about people: accounts, consents, the right to be left alone."""

from datetime import datetime
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.urls import reverse

from apps.mail import outbox
from apps.mail.models import Stream

from . import consents
from .models import Consent, User

_UNSUBSCRIBE = Signer(sep=".", salt="accounts.unsubscribe")


class UnsubscribeLinkError(ValueError):
    """The link was not made by this shop, or the person is gone."""


@transaction.atomic
def enrol(
    *,
    email: str,
    name: str,
    now: datetime,
    password: str | None = None,
    locale: str = "en",
    country: str = "IT",
    time_zone: str = "Europe/Rome",
    currency: str = "EUR",
) -> User:
    """A customer whose address is known to be theirs: brought over from another shop, or entered by staff.

    Whoever signs up in the browser proves the address first. Raises IntegrityError when the address is taken.
    """
    user = User.objects.create_user(
        email,
        password,
        name=name,
        locale=locale,
        country=country,
        time_zone=time_zone,
        currency=currency,
        joined_at=now,
    )
    vouch_for_address(user)
    return user


def guest(*, email: str, name: str, country: str, now: datetime, locale: str = "en", currency: str = "EUR") -> User:
    """Somebody who orders without an account, at an address that nobody has proved. Each order makes another one.

    They cannot log in, and their row says nothing about whether the address has an account.
    """
    return User.objects.create_user(
        f"guest-{uuid4().hex}@guest.invalid",
        name=name,
        locale=locale,
        country=country,
        currency=currency,
        is_guest=True,
        contact_email=email,
        is_active=False,
        joined_at=now,
    )


def vouch_for_address(user: User) -> None:
    """Take the user's present address as verified, as their only and primary one; safe to repeat."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


@transaction.atomic
def record_consent(
    user: User, *, kind: str, version: str, text: str, granted: bool, source: str, now: datetime, key: str | None = None
) -> Consent:
    """Store evidence of an answer: the words as shown, their version and SHA-256, and when and where it was given.

    With a key that exists already, returns the first answer and stores nothing. Raises ValueError for an unknown kind
    or empty words.
    """
    if kind not in Consent.Kind.values:
        raise ValueError(f"There is no consent of kind {kind!r}")
    if not (version and text.strip()):
        raise ValueError("A consent needs a version and the words that were shown")
    consent = Consent(
        user=user,
        email=user.mail_address,
        kind=kind,
        version=version,
        text=text,
        text_hash=Consent.hash_of(text),
        granted=granted,
        at=now,
        source=source,
        key=key,
    )
    if key is None:
        consent.save()
        return consent
    Consent.objects.bulk_create([consent], ignore_conflicts=True)
    return Consent.objects.get(key=key)


@transaction.atomic
def set_marketing(user: User, *, granted: bool, source: str, now: datetime) -> bool:
    """Turn marketing mail on or off, with evidence; off cancels at once what has not left yet.

    Returns whether anything changed: the same answer again is not stored again.
    """
    stored = User.objects.select_for_update().get(pk=user.pk)
    user.accepts_marketing = granted
    if stored.accepts_marketing == granted:
        return False
    stored.accepts_marketing = granted
    stored.save(update_fields=["accepts_marketing"])
    record_consent(
        stored,
        kind=Consent.Kind.MARKETING,
        version=consents.MARKETING_VERSION,
        text=consents.marketing_text(),
        granted=granted,
        source=source,
        now=now,
    )
    if not granted:
        outbox.cancel(user_id=user.pk, stream=Stream.MARKETING, now=now)
    return True


def choose_language(user: User, language: str) -> None:
    """The language of pages and mails from now on. Raises ValueError for one that the shop does not speak."""
    if language not in dict(settings.LANGUAGES):
        raise ValueError(f"The shop does not speak {language!r}")
    if user.locale != language:
        user.locale = language
        user.save(update_fields=["locale"])


def set_country(user: User, *, country: str) -> None:
    """Where the customer lives (ISO 3166 alpha-2): its tax is in every invoice issued from now on.

    Raises ValidationError for anything but two capital letters.
    """
    user.country = country
    user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name != "country"])
    user.save(update_fields=["country"])


def set_preferences(user: User, *, name: str, locale: str, currency: str, time_zone: str) -> None:
    """How the customer is called and served from now on. Contracts keep the currency and the time zone they were made
    in; `currency` is for new ones. Raises ValidationError, and changes nothing then.
    """
    wanted = {"name": name, "locale": locale, "currency": currency, "time_zone": time_zone}
    for field, value in wanted.items():
        setattr(user, field, value)
    user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in wanted])
    user.save(update_fields=list(wanted))


def unsubscribe(token: str, *, now: datetime) -> User:
    """Honour an unsubscribe link at once; a second time changes nothing. Raises UnsubscribeLinkError."""
    user = whom_to_unsubscribe(token)
    set_marketing(user, granted=False, source="unsubscribe-link", now=now)
    return user


def unsubscribe_url(user: User) -> str:
    """The address that stops marketing mail to this person: signed, without login, without an end date (RFC 8058)."""
    token = _UNSUBSCRIBE.sign(str(user.pk))
    return settings.SITE_URL + reverse("unsubscribe", args=[token])


def whom_to_unsubscribe(token: str) -> User:
    """The person an unsubscribe link belongs to. Raises UnsubscribeLinkError."""
    try:
        return User.objects.get(pk=int(_UNSUBSCRIBE.unsign(token)))
    except (BadSignature, ValueError, User.DoesNotExist):
        raise UnsubscribeLinkError from None
