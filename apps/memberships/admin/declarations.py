"""Cancellations and withdrawals declared without a login: what arrived, and what was done."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from apps.memberships.models import Declaration, Handling

from .reading import ReadOnlyAdmin, ReadOnlyInline


class HandlingInline(ReadOnlyInline):
    model = Handling
    fields = readonly_fields = [
        "status",
        "doubt",
        "problem",
        "customer",
        "subscription",
        "act_at",
        "to_card",
        "to_credit",
        "settled_at",
        "settled_by",
        "answer",
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("customer", "subscription__customer", "subscription__plan")

    @admin.display(description=gettext_lazy("back to the card"))
    def to_card(self, handling: Handling) -> str:
        return str(handling.to_card or "–")

    @admin.display(description=gettext_lazy("back as credit"))
    def to_credit(self, handling: Handling) -> str:
        return str(handling.to_credit or "–")


@admin.register(Declaration)
class DeclarationAdmin(ReadOnlyAdmin):
    """Evidence, for reading; the steps lead to the work queue."""

    list_display = ["declared_at", "kind", "manner", "name", "email", "contract", "status_shown", "doubt_shown"]
    list_filter = ["kind", "manner", "handling__status", "handling__doubt", "source", "declared_at"]
    list_select_related = ["handling"]
    search_fields = ["email", "name", "contract", "handling__customer__email"]
    date_hierarchy = "declared_at"
    exclude = ["client_hash"]
    inlines = [HandlingInline]
    actions_detail = ["carry_out", "answer"]

    @admin.display(description=gettext_lazy("status"), ordering="handling__status")
    def status_shown(self, declaration: Declaration) -> str:
        return declaration.handling.get_status_display()

    @admin.display(description=gettext_lazy("why a person decides"))
    def doubt_shown(self, declaration: Declaration) -> str:
        return declaration.handling.get_doubt_display()

    def has_step_permission(self, request: HttpRequest, object_id: str | int) -> bool:
        return request.user.has_perm("memberships.change_subscription")

    @action(description=gettext_lazy("Carry out"), url_path="carry-out", permissions=["step"])
    def carry_out(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._step(object_id, "carry-out")

    @action(description=gettext_lazy("Answer and close"), url_path="answer", permissions=["step"])
    def answer(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._step(object_id, "answer")

    def _step(self, object_id: int, name: str) -> HttpResponse:
        """The queue asks once more; it says so where the declaration does not wait any more."""
        handling = Handling.objects.get(declaration=object_id)
        return redirect(reverse("admin:insights_queue_act", args=["declarations", handling.pk, name]))
