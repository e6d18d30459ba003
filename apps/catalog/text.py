"""Markdown that staff write, as HTML that is safe to show."""

from __future__ import annotations

from functools import lru_cache

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

_TAGS = {
    "a", "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "blockquote", "code", "pre", "hr", "br",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "th": {"scope"}}
_SCHEMES = {"http", "https", "mailto"}
# With tables, and with the quotation marks and dashes of printed texts.
_MARKDOWN = MarkdownIt("commonmark", {"typographer": True}).enable(["table", "replacements", "smartquotes"])


def render(source: str) -> SafeString:
    """HTML of a Markdown text: links, lists, tables. Scripts, styles, pictures and other tags are removed."""
    clean = _clean(source)
    # A wide table scrolls by itself, and by keyboard too.
    region = format_html('<div class="table-scroll" tabindex="0" role="region" aria-label="{}"><table>', _("Table"))
    clean = clean.replace("<table>", region).replace("</table>", "</table></div>")
    return mark_safe(clean)  # noqa: S308 - nh3 has just removed everything not listed above


@lru_cache(maxsize=1000)
def _clean(source: str) -> str:
    return nh3.clean(_MARKDOWN.render(source), tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES)
