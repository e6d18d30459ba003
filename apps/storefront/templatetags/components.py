"""The components that pages show so often that a template for them would cost more than what it shows."""

from __future__ import annotations

from functools import cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeString:
    """One of the drawings of icons.svg, for the eye alone: `{% icon "leaf" %}`, `{% icon "box" size="l" %}`."""
    css = f"icon icon--{size}" if size else "icon"
    address = f"{static('art/icons.svg')}#{name}"
    return format_html('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"></use></svg>', css, address)
