"""What a person asks about their own data: a copy of it, and that it be erased."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .people import User


class ExportStatus(models.TextChoices):
    REQUESTED = "requested", _("being made")
    READY = "ready", _("ready")
    DELETED = "deleted", _("deleted")


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def to_make(self) -> DataExportQuerySet:
        return self.filter(status=ExportStatus.REQUESTED).order_by("requested_at", "pk")

    def to_delete(self, now: datetime) -> DataExportQuerySet:
        """Files whose seven days are over."""
        return self.filter(status=ExportStatus.READY, expires_at__lte=now)

    def of(self, user: User) -> DataExport | None:
        """The latest one of this person, without the file itself."""
        return self.filter(user=user).exclude(status=ExportStatus.DELETED).defer("content").first()


class DataExport(models.Model):
    """A copy of everything the shop knows about a person, as one file. It is kept for some days."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="exports", verbose_name=_("customer"))
    status = models.CharField(_("status"), max_length=10, choices=ExportStatus, default=ExportStatus.REQUESTED)
    requested_at = models.DateTimeField(_("requested"))
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    content = models.BinaryField(_("file"), null=True, blank=True, editable=False)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("data export")
        verbose_name_plural = _("data exports")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="ready", content__isnull=False, expires_at__isnull=False)
                | ~Q(status="ready") & Q(content=None),
                name="accounts_export_has_a_file_while_ready",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(status="requested"), name="accounts_one_export_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.requested_at:%Y-%m-%d %H:%M}"


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def to_carry_out(self) -> ErasureQuerySet:
        """Confirmed from the mailbox, and not done yet."""
        return self.filter(confirmed_at__isnull=False, done_at=None).order_by("confirmed_at", "pk")

    def stuck(self) -> ErasureQuerySet:
        """Those that could not be carried out when they were last tried."""
        return self.to_carry_out().exclude(stuck_for="")


class Erasure(models.Model):
    """A person asks that everything about them be erased. `secret` is in a letter to their address: it confirms.

    The row stays, as evidence that it was done: it knows the number of the account, and nothing of the person.
    `problem` is for the person, who has to do something first; `stuck_for` for staff, when a worker failed.
    """

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="erasure", verbose_name=_("customer"))
    secret = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    requested_at = models.DateTimeField(_("requested"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    problem = models.TextField(_("why it could not be done"), blank=True)
    stuck_for = models.CharField(_("what failed"), max_length=300, blank=True, default="", db_default="")

    objects = ErasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(confirmed_at__isnull=False), name="accounts_erased_when_confirmed"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.requested_at:%Y-%m-%d}"
