"""Gifts: what was bought for whom, and taking one back. The code is not shown: it is worth money."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.billing.refunds import CannotRefund
from apps.core import clock
from apps.memberships.errors import Refused
from apps.memberships.gifts import refunding
from apps.memberships.models import Gift, Pause

from .reading import ReadOnlyAdmin


@admin.register(Gift)
class GiftAdmin(ReadOnlyAdmin):
    list_display = [
        "price",
        "periods",
        "amount_shown",
        "buyer",
        "recipient_name",
        "status",
        "used_as",
        "paid_at",
        "expires_at",
    ]
    list_filter = ["status", "used_as", "price__plan", "paid_at"]
    list_select_related = ["price__plan", "buyer"]
    search_fields = ["buyer__email", "recipient_name", "recipient_email", "redeemed_by__email", "invoice__number"]
    exclude = ["code", "setup_id"]
    actions = ["refund"]

    @admin.display(description=gettext_lazy("amount"), ordering="amount_minor")
    def amount_shown(self, gift: Gift) -> str:
        return str(gift.amount)

    def has_refund_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("memberships.change_gift")

    @admin.action(description=gettext_lazy("Take back and refund (not redeemed)"), permissions=["refund"])
    def refund(self, request: HttpRequest, queryset) -> None:
        now, done = clock.now(), 0
        for gift in queryset:
            try:
                refunding.refund(gift.pk, actor=request.user.get_username(), now=now)
                done += 1
            except Refused as refusal:
                messages.error(request, f"{gift}: {refusal}")
            except CannotRefund:
                messages.error(request, _("%(gift)s: a part of it has been refunded already.") % {"gift": gift})
        if done:
            text = ngettext("%(n)d gift is refunded.", "%(n)d gifts are refunded.", done)
            messages.success(request, text % {"n": done})


@admin.register(Pause)
class PauseAdmin(ReadOnlyAdmin):
    list_display = ["subscription", "kind", "begins_at", "resumes_at", "closed_at", "outcome", "actor"]
    list_filter = ["kind", "outcome", "begins_at"]
    list_select_related = ["subscription__customer", "subscription__plan"]
    search_fields = ["customer__email"]
