"""Reviews: staff read them, publish or reject them, and answer. They never change what a customer wrote."""

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, StackedInline

from apps.catalog import lifecycle
from apps.catalog.models import Review, ReviewAnswer
from apps.core import clock


class AnswerInline(StackedInline):
    model = ReviewAnswer
    extra = 0


@admin.register(Review)
class ReviewAdmin(ModelAdmin):
    list_display = ["created_at", "product", "rating", "title", "customer", "status", "is_answered"]
    list_filter = ["status", "rating", "product__category"]
    list_select_related = ["product", "customer", "answer"]
    search_fields = ["title", "text", "product__name", "customer__email"]
    date_hierarchy = "created_at"
    fields = readonly_fields = [
        "product", "customer", "is_verified", "created_at", "rating", "title", "text", "status", "moderated_at",
        "moderated_by",
    ]  # fmt: skip
    inlines = [AnswerInline]
    actions = ["publish", "reject"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Review | None = None) -> bool:
        return False

    @admin.display(description=_("answered"), boolean=True)
    def is_answered(self, review: Review) -> bool:
        return hasattr(review, "answer")

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset) -> None:
        self._move(request, queryset, lifecycle.publish)

    @admin.action(description=_("Reject"), permissions=["change"])
    def reject(self, request: HttpRequest, queryset) -> None:
        self._move(request, queryset, lifecycle.reject)

    def save_formset(self, request, form, formset, change) -> None:
        for answer in formset.save(commit=False):
            answer.author, answer.created_at = request.user.get_username(), clock.now()
            answer.save()
        for removed in formset.deleted_objects:
            removed.delete()

    def _move(self, request: HttpRequest, queryset, arrow) -> None:
        now, actor = clock.now(), request.user.get_username()
        chosen = list(queryset.order_by("pk").values_list("pk", flat=True))
        for review_id in chosen:
            arrow(review_id, actor=actor, now=now)
        text = ngettext("%(n)d review done.", "%(n)d reviews done.", len(chosen)) % {"n": len(chosen)}
        messages.success(request, text)
