"""Documents as PDF, in the customer's language and time zone, without any network."""

from __future__ import annotations

import atexit
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from apps.billing import papers
from apps.billing.models import CreditNote, Invoice

from . import libraries

__all__ = ["CannotPrint", "credit_note", "download", "invoice"]

log = logging.getLogger(__name__)

STYLE = Path(__file__).with_name("paper.css")
BASE = f"{settings.BASE_DIR / 'static'}/"
# Pango and fontconfig keep state of their own that threads must not change under each other.
_one_at_a_time = Lock()


class CannotPrint(Exception):
    """This machine lacks what draws text in a PDF; the text is for staff."""


def invoice(row: Invoice) -> bytes:
    """The PDF of an invoice, fetched `with_lines`. Raises CannotPrint."""
    return _print(row, papers.of_invoice)


def credit_note(row: CreditNote) -> bytes:
    """The PDF of a credit note, fetched `with_lines`. Raises CannotPrint."""
    return _print(row, papers.of_credit_note)


def download(content: bytes, number: str) -> HttpResponse:
    """A PDF as a file to keep, named by its number. It is about one person: no cache may hold it."""
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=f"{number}.pdf") or "attachment",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _print(row: Any, read: Callable[[Any], papers.Paper]) -> bytes:
    press = _press()
    customer = row.customer
    with translation.override(customer.locale), timezone.override(ZoneInfo(customer.time_zone)):
        scope = {"paper": read(row), "shop_name": settings.SHOP_NAME, "language": customer.locale}
        html = render_to_string("billing/paper.html", scope)
    with _one_at_a_time:
        document = press.html(string=html, base_url=BASE, url_fetcher=press.files)
        return document.write_pdf(stylesheets=[press.style], font_config=press.fonts, pdf_tags=True)


@dataclass(frozen=True, slots=True)
class _Press:
    """WeasyPrint with our style and fonts, which are read once. `files` fetches nothing but files of ours, whatever a
    document may name."""

    html: Any
    style: Any
    fonts: Any
    files: Any


# Fonts are given back to fontconfig while there still is a Python to do it.
@atexit.register
def _close() -> None:
    _press.cache_clear()


@cache
def _press() -> _Press:
    """Made when the first document is printed: it takes a second, which no other page should wait."""
    libraries.lend(settings.PANGO)
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
        from weasyprint.urls import URLFetcher
    except OSError as problem:
        log.error("No PDF can be made: %s", problem)
        text = _("PDFs need the library Pango: run 'make packages', or install libpango-1.0-0 and libpangoft2-1.0-0.")
        raise CannotPrint(text) from problem
    for chatty in ("weasyprint.progress", "fontTools"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    fonts = FontConfiguration()
    files = URLFetcher(allowed_protocols=["file"], allow_redirects=False)
    style = CSS(string=STYLE.read_text(), base_url=BASE, font_config=fonts, url_fetcher=files)
    return _Press(HTML, style, fonts, files)
