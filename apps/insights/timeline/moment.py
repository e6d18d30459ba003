"""One thing that happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    ACCOUNT = "account", _("Account")
    MEMBERSHIP = "membership", _("Membership")
    INVOICE = "invoice", _("Invoices")
    PAYMENT = "payment", _("Payments")
    REFUND = "refund", _("Refunds")
    DISPUTE = "dispute", _("Disputes")
    DUNNING = "dunning", _("Recovery")
    CREDIT = "credit", _("Credit")
    POINTS = "points", _("Points")
    MAIL = "mail", _("Mails")
    CONSENT = "consent", _("Consents")
    OFFER = "offer", _("Offers")
    CAMPAIGN = "campaign", _("Campaigns")
    GUIDE = "guide", _("Guides")


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` is UTC; `url` leads to the row in the back office, empty where it has no page. `tone` colours the label:
    "good", "bad" or empty."""

    at: datetime
    kind: Kind
    title: str
    detail: str = ""
    url: str = ""
    tone: str = ""

    @property
    def kind_label(self) -> str:
        return str(self.kind.label)


def page(model: str, pk: object) -> str:
    """The address of a row in the back office ("billing_invoice"), or nothing where that model has no page."""
    try:
        return reverse(f"admin:{model}_change", args=[pk])
    except NoReverseMatch:
        return ""


def sentence(*parts: object) -> str:
    """The parts that say something, divided by middle dots."""
    return " · ".join(str(part) for part in parts if part)
