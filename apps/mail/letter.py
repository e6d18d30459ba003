"""Showing the HTML of a mail inside a page, kept apart from that page.

The frame has a policy of its own: styles of the letter work, scripts and remote content do not, and only our own
pages may hold it. Links lead out of the frame.
"""

from django.http import HttpResponse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override

from .models import Message

POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
}
# For the iframe's `sandbox`: a click on a link may open it in the whole window, nothing else is allowed.
SANDBOX = "allow-top-navigation-by-user-activation"


def framed(view):
    """Decorator of a view that answers with `page`."""
    return xframe_options_sameorigin(csp_override(POLICY)(view))


def page(message: Message) -> HttpResponse:
    """The letter as it was sent, with its links leading out of the frame."""
    return framed_html(message.html)


def framed_html(html: str) -> HttpResponse:
    """The HTML of a letter, with its links leading out of the frame."""
    return HttpResponse(html.replace("<head>", '<head><base target="_top">', 1))
