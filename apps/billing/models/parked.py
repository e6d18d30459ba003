"""What the workers put aside for a person."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ParkedQuerySet(models.QuerySet["Parked"]):
    def waiting(self) -> ParkedQuerySet:
        """Not yet resolved, oldest first."""
        return self.filter(resolved_at=None).order_by("at", "pk")

    def put(self, kind: str, *, ref: str, reason: str, now: datetime) -> Parked:
        """Put something aside for staff; while an item of this kind and reference waits, it is returned instead."""
        found = {"kind": kind, "ref": ref, "resolved_at": None}
        return self.get_or_create(**found, defaults={"reason": reason, "at": now})[0]

    def resolve(self, *, by: str, now: datetime) -> int:
        """Mark the waiting ones as done by somebody; returns how many."""
        return self.filter(resolved_at=None).update(resolved_at=now, resolved_by=by)


class Parked(models.Model):
    """Something that must not go on by itself. One open row for each (kind, ref)."""

    kind = models.CharField(_("kind"), max_length=60)
    ref = models.CharField(_("reference"), max_length=200)
    reason = models.TextField(_("reason"))
    at = models.DateTimeField(_("at"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.CharField(_("resolved by"), max_length=254, blank=True)

    objects = ParkedQuerySet.as_manager()

    class Meta:
        verbose_name = _("parked item")
        verbose_name_plural = _("parked items")
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "ref"], condition=Q(resolved_at=None), name="billing_parked_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
