"""The outbox: one row for each e-mail, from the moment it is decided to the moment it has left."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LIST_UNSUBSCRIBE = "List-Unsubscribe"


class Status(models.TextChoices):
    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Stream(models.TextChoices):
    SERVICE = "service", _("Service")
    MARKETING = "marketing", _("Marketing")


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, now: datetime) -> "MessageQuerySet":
        """What a worker may claim at `now`: pending and its time has come, or left behind by a worker that died."""
        return self.filter(
            Q(status=Status.PENDING, next_attempt_at__lte=now) | Q(status=Status.SENDING, lease_until__lte=now)
        )

    def pending_for(self, *, user_id: int, stream: str) -> "MessageQuerySet":
        return self.filter(status=Status.PENDING, user_id=user_id, stream=stream)

    def waiting_for_a_person(self) -> "MessageQuerySet":
        """Failed for good: staff decide between sending again and cancelling."""
        return self.filter(status=Status.FAILED)

    def cancellable(self) -> "MessageQuerySet":
        """Not on its way and not gone."""
        return self.filter(status__in=[Status.PENDING, Status.FAILED])

    def of_user(self, user_id: int) -> "MessageQuerySet":
        """All mail of one customer, newest first."""
        return self.filter(user_id=user_id).order_by("-created_at", "-pk")

    def delivered(self) -> "MessageQuerySet":
        """What has left, newest first."""
        return self.filter(status=Status.SENT).order_by("-sent_at", "-pk")

    def addressed_like(self, part: str) -> "MessageQuerySet":
        """Those whose address contains `part`, in any case; all of them when it is empty."""
        return self.filter(to_email__icontains=part) if part else self

    def next_due(self) -> datetime | None:
        """The instant (UTC) at which there is next something to deliver, or None."""
        # Asked for one by one, each is the first row of its index; together they would take all mail ever sent.
        attempt = self.filter(status=Status.PENDING).aggregate(at=models.Min("next_attempt_at"))["at"]
        lease = self.filter(status=Status.SENDING).aggregate(at=models.Min("lease_until"))["at"]
        return min((moment for moment in (attempt, lease) if moment is not None), default=None)


class Message(models.Model):
    """One e-mail. Subject, text and HTML are written when it is put: they are the evidence of what was said."""

    key = models.CharField(
        _("key"), max_length=200, unique=True, help_text=_("Names the occasion; a second mail with it is refused.")
    )
    kind = models.CharField(_("kind"), max_length=60)
    stream = models.CharField(_("stream"), max_length=10, choices=Stream, default=Stream.SERVICE)
    to_email = models.EmailField(_("to"))
    # A number, not a foreign key: people live in an app above this one.
    user_id = models.BigIntegerField(_("customer"), null=True, blank=True)
    locale = models.CharField(_("language"), max_length=10)
    context = models.JSONField(_("context"), default=dict)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"))
    headers = models.JSONField(_("headers"), default=dict)
    secret = models.BooleanField(
        _("secret"), default=False, help_text=_("It carries a way into the account: staff do not get to read it.")
    )

    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    send_after = models.DateTimeField(_("send after"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    last_error = models.TextField(_("last error"), blank=True)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="mail_message_status"),
            models.CheckConstraint(condition=Q(stream__in=Stream.values), name="mail_message_stream"),
            models.CheckConstraint(condition=~Q(subject="") & ~Q(text=""), name="mail_message_says_something"),
            models.CheckConstraint(
                condition=~Q(status=Status.PENDING) | Q(next_attempt_at__isnull=False), name="mail_pending_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.SENDING, lease_until__isnull=False)
                | (~Q(status=Status.SENDING) & Q(lease_until__isnull=True)),
                name="mail_only_sending_is_leased",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.SENT, sent_at__isnull=False)
                | (~Q(status=Status.SENT) & Q(sent_at__isnull=True)),
                name="mail_only_sent_has_sent_at",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.CANCELLED, cancelled_at__isnull=False)
                | (~Q(status=Status.CANCELLED) & Q(cancelled_at__isnull=True)),
                name="mail_only_cancelled_has_cancelled_at",
            ),
            models.CheckConstraint(condition=~Q(status=Status.FAILED) | ~Q(last_error=""), name="mail_failed_says_why"),
            models.CheckConstraint(
                condition=Q(stream=Stream.SERVICE) | Q(headers__has_key=LIST_UNSUBSCRIBE, user_id__isnull=False),
                name="mail_marketing_can_be_refused",
            ),
            models.CheckConstraint(condition=Q(send_after__gte=F("created_at")), name="mail_not_before_it_exists"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(status=Status.PENDING), name="mail_message_pending"),
            models.Index(fields=["lease_until"], condition=Q(status=Status.SENDING), name="mail_message_sending"),
            models.Index(fields=["user_id", "-created_at"], name="mail_message_by_user"),
            models.Index(fields=["-sent_at"], condition=Q(status=Status.SENT), name="mail_message_sent"),
            models.Index(fields=["status", "-created_at"], name="mail_message_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to_email}"
