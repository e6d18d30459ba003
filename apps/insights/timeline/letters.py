"""What was said to a customer, and what they said."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.accounts.models import Consent, User
from apps.campaigns.models import Enrollment
from apps.mail.models import Message, Status

from .moment import Kind, Moment, page, sentence


def account(customer: User) -> list[Moment]:
    url = page("accounts_user", customer.pk)
    return [Moment(customer.joined_at, Kind.ACCOUNT, _("Account opened"), customer.email, url)]


def mails(customer: User) -> list[Moment]:
    """Mails with the address of their preview; the texts themselves are not read."""
    rows = Message.objects.of_user(customer.pk).defer("text", "html", "context", "headers")
    return [
        Moment(
            mail.sent_at or mail.created_at,
            Kind.MAIL,
            mail.subject,
            sentence(mail.get_status_display(), mail.get_stream_display(), mail.kind, mail.last_error),
            page("mail_message", mail.pk),
            "bad" if mail.status == Status.FAILED else "",
        )
        for mail in rows
    ]


def consents(customer: User) -> list[Moment]:
    return [
        Moment(
            consent.at,
            Kind.CONSENT,
            f"{consent.get_kind_display()}: {_('granted') if consent.granted else _('withdrawn')}",
            sentence(consent.version, consent.source),
            page("accounts_consent", consent.pk),
        )
        for consent in Consent.objects.filter(user=customer)
    ]


def campaigns(customer: User) -> list[Moment]:
    """The start of each journey, and its end with the reason."""
    moments = []
    for enrollment in Enrollment.objects.filter(customer=customer).select_related("campaign"):
        url = page("campaigns_enrollment", enrollment.pk)
        name = enrollment.campaign.name
        moments.append(Moment(enrollment.started_at, Kind.CAMPAIGN, _("%(name)s: begun") % {"name": name}, url=url))
        if enrollment.ended_at:
            title = _("%(name)s: %(status)s") % {"name": name, "status": enrollment.get_status_display()}
            detail = sentence(enrollment.get_outcome_display(), enrollment.error)
            tone = "bad" if enrollment.error else ""
            moments.append(Moment(enrollment.ended_at, Kind.CAMPAIGN, title, detail, url, tone))
    return moments
