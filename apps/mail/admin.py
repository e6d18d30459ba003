"""Mail in the back office: what was said to whom, and what could not be delivered."""

import json
from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from apps.core import clock

from . import letter, lifecycle, specimen_pages
from .models import Message, Status

_HIDDEN = gettext_lazy("This mail carries a way into the customer's account, so it is not shown.")


@admin.register(Message)
class MessageAdmin(ModelAdmin):
    """A message is evidence: staff read it, send it again or cancel it, and change nothing in it."""

    list_display = ["subject", "to_email", "status_label", "stream_label", "kind", "created_at", "sent_at", "attempts"]
    list_filter = ["status", "stream", "kind", "locale"]
    search_fields = ["to_email", "subject", "key"]
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    actions = ["send_again", "cancel"]
    actions_list = ["specimens"]
    actions_detail = ["send_this_again", "cancel_this"]
    fieldsets = [
        (None, {"fields": ["subject", "to_email", "status_label", "preview", "text_shown"]}),
        (
            gettext_lazy("Delivery"),
            {
                "fields": [
                    "attempts",
                    "send_after",
                    "next_attempt_at",
                    "lease_until",
                    "last_error",
                    "sent_at",
                    "cancelled_at",
                ]
            },
        ),
        (
            gettext_lazy("Evidence"),
            {
                "fields": [
                    "key",
                    "kind",
                    "stream_label",
                    "locale",
                    "user_id",
                    "created_at",
                    "headers_shown",
                    "facts",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest):
        rows = super().get_queryset(request)
        on_the_list = request.resolver_match and request.resolver_match.url_name == "mail_message_changelist"
        return rows.defer("html", "text", "context", "headers") if on_the_list else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_deliver_permission(self, request: HttpRequest, obj=None) -> bool:
        return request.user.has_perm("mail.change_message")

    @display(
        description=gettext_lazy("Status"),
        ordering="status",
        label={
            Status.PENDING.label: "info",
            Status.SENDING.label: "info",
            Status.SENT.label: "success",
            Status.FAILED.label: "danger",
            Status.CANCELLED.label: "warning",
        },
    )
    def status_label(self, message: Message) -> str:
        return message.get_status_display()

    @display(description=gettext_lazy("Stream"), ordering="stream")
    def stream_label(self, message: Message) -> str:
        return message.get_stream_display()

    @display(description=gettext_lazy("Letter"))
    def preview(self, message: Message) -> str:
        if message.secret:
            return str(_HIDDEN)
        return format_html(
            '<iframe title="{}" src="{}" sandbox="{}" width="680" height="720"></iframe>',
            gettext("The letter"),
            reverse("admin:mail_message_html", args=[message.pk]),
            letter.SANDBOX,
        )

    @display(description=gettext_lazy("Text"))
    def text_shown(self, message: Message) -> str:
        return str(_HIDDEN) if message.secret else format_html("<pre>{}</pre>", message.text)

    @display(description=gettext_lazy("Headers"))
    def headers_shown(self, message: Message) -> str:
        lines = format_html_join("\n", "{}: {}", message.headers.items())
        return format_html("<pre>{}</pre>", lines)

    @display(description=gettext_lazy("Context"))
    def facts(self, message: Message) -> str:
        if message.secret:
            return str(_HIDDEN)
        return format_html("<pre>{}</pre>", json.dumps(message.context, indent=2, ensure_ascii=False))

    def get_urls(self):
        html = path("<int:pk>/html/", self.admin_site.admin_view(self.html_view), name="mail_message_html")
        return [html, *self._specimen_urls(), *super().get_urls()]

    def _specimen_urls(self) -> list:
        pages = [
            ("specimens/", partial(specimen_pages.overview, self), "specimens"),
            ("specimens/<slug:kind>/<slug:locale>/", partial(specimen_pages.specimen, self), "specimen"),
            ("specimens/<slug:kind>/<slug:locale>/html/", specimen_pages.html, "specimen_html"),
        ]
        return [path(at, self.admin_site.admin_view(view), name=f"mail_{name}") for at, view, name in pages]

    @action(description=gettext_lazy("Specimens"), url_path="all-specimens", icon="draft")
    def specimens(self, request: HttpRequest) -> HttpResponse:
        """What each kind of letter looks like, in every language."""
        return redirect("admin:mail_specimens")

    @property
    def html_view(self):
        """The letter, for the frame of the page above."""

        @letter.framed
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            message = get_object_or_404(Message, pk=pk)
            if message.secret or not self.has_view_permission(request, message):
                raise PermissionDenied
            return letter.page(message)

        return view

    @admin.action(description=gettext_lazy("Send again"), permissions=["deliver"])
    def send_again(self, request: HttpRequest, queryset) -> None:
        """Failed messages get a new row of attempts; others are left alone."""
        self._tell_sent_again(request, queryset)

    @admin.action(description=gettext_lazy("Cancel"), permissions=["deliver"])
    def cancel(self, request: HttpRequest, queryset) -> None:
        """Pending and failed messages will not be sent; others are left alone."""
        self._tell_cancelled(request, queryset)

    @action(
        description=gettext_lazy("Send again"),
        url_path="send-again",
        permissions=["deliver"],
        icon="forward_to_inbox",
        dialog={
            "title": gettext_lazy("Send this message again?"),
            "description": gettext_lazy("Only a failed message can be sent again. It leaves within seconds."),
            "form_submit_text": gettext_lazy("Send again"),
        },
    )
    def send_this_again(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        self._tell_sent_again(request, Message.objects.filter(pk=object_id))
        return self._back(request, object_id)

    @action(
        description=gettext_lazy("Cancel message"),
        url_path="cancel",
        permissions=["deliver"],
        icon="cancel_schedule_send",
        dialog={
            "title": gettext_lazy("Cancel this message?"),
            "description": gettext_lazy("A pending or failed message will then never be sent."),
            "form_submit_text": gettext_lazy("Cancel message"),
        },
    )
    def cancel_this(self, request: HttpRequest, form, object_id: int) -> HttpResponse:
        self._tell_cancelled(request, Message.objects.filter(pk=object_id))
        return self._back(request, object_id)

    def _tell_sent_again(self, request: HttpRequest, queryset) -> None:
        chosen = list(queryset.waiting_for_a_person())
        count = lifecycle.send_again(queryset, now=clock.now())
        self._log(request, chosen, gettext("Sent again"))
        text = ngettext("%(count)d message will be sent again.", "%(count)d messages will be sent again.", count)
        self._answer(request, count, text)

    def _tell_cancelled(self, request: HttpRequest, queryset) -> None:
        chosen = list(queryset.cancellable())
        count = lifecycle.cancel(queryset, now=clock.now())
        self._log(request, chosen, gettext("Cancelled"))
        self._answer(request, count, ngettext("%(count)d message cancelled.", "%(count)d messages cancelled.", count))

    def _log(self, request: HttpRequest, chosen: list[Message], what: str) -> None:
        for message in chosen:
            self.log_change(request, message, what)

    def _answer(self, request: HttpRequest, count: int, text: str) -> None:
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)

    def _back(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """To the message; the dialog is posted by htmx, which needs to be told to leave the page."""
        url = reverse("admin:mail_message_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": url}) if "HX-Request" in request.headers else redirect(url)
