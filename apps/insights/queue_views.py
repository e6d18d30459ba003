"""The pages of the work queues: the list, and the question before a step is taken."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import TemplateView
from unfold.views import UnfoldModelAdminViewMixin

from apps.core import clock

from . import queues
from .forms import ActForm

ROWS_ON_A_PAGE = 25


class QueuePage(UnfoldModelAdminViewMixin, TemplateView):
    """A page about one queue, for those who may see its rows."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        queue = queues.get(kwargs["slug"])
        if queue is None:
            raise Http404
        self.queue = queue

    def has_permission(self) -> bool:
        return self.request.user.has_perm(self.queue.permission)


class QueueView(QueuePage):
    """The list: what waits, for how long, why, and what can be done about it."""

    template_name = "insights/queue.html"

    @property
    def title(self) -> str:
        return str(self.queue.label)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = Paginator(self.queue.rows(), ROWS_ON_A_PAGE).get_page(self.request.GET.get("page"))
        may = {act.name for act in self.queue.acts if self.request.user.has_perm(act.permission)}
        return super().get_context_data(
            **kwargs,
            queue=self.queue,
            now=clock.now(),
            page=page,
            rows=[
                (row, [act for act in row.acts if act.name in may]) for row in self.queue.show(list(page.object_list))
            ],
        )


class ActView(QueuePage):
    """Ask once more, and with a reason where one is needed; then take the step."""

    template_name = "insights/queue_act.html"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        act = self.queue.act(kwargs["name"])
        if act is None:
            raise Http404
        self.act = act

    @property
    def title(self) -> str:
        return str(self.act.label)

    def has_permission(self) -> bool:
        return super().has_permission() and self.request.user.has_perm(self.act.permission)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.row = self.queue.rows().filter(pk=kwargs["row_id"]).first()
        if self.has_permission() and (self.row is None or self.act not in self.queue.fitting(self.row)):
            messages.info(request, _("This does not wait here any more."))
            return redirect(self.queue.url)
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        [row] = self.queue.show([self.row])
        form = kwargs.pop("form", None) or ActForm(asks_why=self.act.asks_why)
        return super().get_context_data(**kwargs, queue=self.queue, act=self.act, row=row, form=form, now=clock.now())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        form = ActForm(request.POST, asks_why=self.act.asks_why)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        reason = form.cleaned_data.get("reason", "")
        order = queues.Order(self.row, request.user.get_username(), reason, clock.now())
        try:
            said = self.act.run(order)
        except queues.CannotAct as problem:
            messages.error(request, str(problem))
        else:
            self.model_admin.log_change(request, self.row, f"{self.act.label}: {reason}" if reason else self.act.label)
            messages.success(request, said)
        return redirect(self.queue.url)
