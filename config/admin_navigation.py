"""The back office's sidebar."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse_lazy
