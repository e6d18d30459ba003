"""People who confirmed that they are to be erased, and could not be: a worker failed, or the gateway is silent."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Erasure

from .model import Queue, Row


def _rows() -> QuerySet[Erasure]:
    return Erasure.objects.stuck().select_related("user")


def _show(rows: Sequence[Erasure]) -> list[Row]:
    return [
        Row(
            pk=erasure.pk,
            title=str(erasure.user),
            url=reverse("admin:accounts_erasure_change", args=[erasure.pk]),
            since=erasure.confirmed_at or erasure.requested_at,
            reason=erasure.stuck_for,
            advice=_text("It is tried again by itself. If it stays, put right what failed: the law gives one month."),
            customer=erasure.user,
        )
        for erasure in rows
    ]


STUCK = Queue(
    slug="erasures",
    label=_("Erasures that did not succeed"),
    explains=_("These people confirmed that they are to be forgotten, here and at the payment gateway."),
    permission="accounts.view_erasure",
    rows=_rows,
    show=_show,
)
