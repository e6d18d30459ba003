"""Why staff do something, and what they say about it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget


class ReasonForm(BaseDialogForm):
    """Why staff do something that cannot be undone."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


class AnswerForm(BaseDialogForm):
    """What we say to a bank about a dispute."""

    statement = forms.CharField(
        label=_("What happened"),
        max_length=20_000,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("Such as: when they joined, how often they used it, what you wrote to each other."),
    )
