"""What accounts holds of a person."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core import privacy
from apps.core.privacy import Person, Row, rows

from .models import Address, Consent, DataExport, ExportStatus, User


@privacy.exports("account", title=_("Account"), why=_("To have an account and write to you."))
def account(person: Person) -> list[Row]:
    fields = ["email", "name", "locale", "country", "time_zone", "currency", "accepts_marketing", "joined_at"]
    return rows(User.objects.filter(pk=person.id), *fields, "last_login")


@privacy.exports("addresses", title=_("E-mail addresses"), why=_("To know which ones are proven to be yours."))
def addresses(person: Person) -> list[Row]:
    return rows(EmailAddress.objects.filter(user=person.id), "email", "verified", "primary")


@privacy.exports("postal-addresses", title=_("Postal addresses"), why=_("To send you what you order."))
def postal_addresses(person: Person) -> list[Row]:
    fields = [field.attname for field in Address._meta.concrete_fields if field.attname not in ("id", "customer_id")]
    return rows(Address.objects.filter(customer=person.id), *fields)


@privacy.exports("consents", title=_("Consents"), why=_("To be able to show what you agreed to."))
def consents(person: Person) -> list[Row]:
    return rows(Consent.objects.filter(user=person.id), "kind", "version", "text", "granted", "at", "source")


@privacy.exports("sign-ins", title=_("Sign-ins"), why=_("So that you can end them."))
def sign_ins(person: Person) -> list[Row]:
    return rows(UserSession.objects.filter(user=person.id), "ip", "user_agent", "created_at", "last_seen_at")


@privacy.exports("second-factors", title=_("Second factors"), why=_("To protect your account."))
def second_factors(person: Person) -> list[Row]:
    return rows(Authenticator.objects.filter(user=person.id), "type", "created_at", "last_used_at")


@privacy.erases
def forget(person: Person, *, now: datetime) -> None:
    for session in UserSession.objects.filter(user=person.id):
        session.end()
    Authenticator.objects.filter(user=person.id).delete()
    EmailAddress.objects.filter(user=person.id).delete()
    Address.objects.filter(customer=person.id).delete()
    DataExport.objects.filter(user=person.id).update(status=ExportStatus.DELETED, content=None)
    Consent.objects.filter(Q(user=person.id) | Q(email__in=person.emails)).update(email=person.alias)
    named = Q(object_repr__icontains=person.email)
    if person.name.strip():
        named |= Q(object_repr__icontains=person.name)
    LogEntry.objects.filter(named).update(object_repr="–", change_message="")
    user = User.objects.select_for_update().get(pk=person.id)
    user.email, user.name = person.alias, ""
    user.contact_email = person.alias if user.is_guest else ""
    user.is_active = user.accepts_marketing = False
    user.last_login = None
    user.locale, user.time_zone = "en", "UTC"
    user.set_unusable_password()
    user.save()
