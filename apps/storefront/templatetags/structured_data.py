"""`{% json_ld data %}`: data for search engines, under the page's policy."""

import json

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
# As Django's json_script does: nothing in it can end the element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def json_ld(context: Context, data: dict) -> SafeString:
    """A script element with the data. It is no code, but has the page's nonce all the same."""
    text = json.dumps(data, ensure_ascii=False).translate(_ESCAPES)
    return format_html(
        '<script type="application/ld+json" nonce="{}">{}</script>',
        context["csp_nonce"],
        mark_safe(text),  # noqa: S308 - escaped above
    )
