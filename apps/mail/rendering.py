"""From a kind and its context to subject, text and HTML.

A kind is one file, `templates/mail/<kind>.html`, with template partials:

    {% load i18n %}
    {% partialdef subject %}{% blocktranslate %}Receipt {{ number }}{% endblocktranslate %}{% endpartialdef %}
    {% partialdef preheader %}…{% endpartialdef %}      optional: the line an inbox shows after the subject
    {% partialdef text %}…{% endpartialdef %}           the plain text, without greeting line wrapping or footer
    {% partialdef html %}…{% endpartialdef %}           the content of the letter, set inside `mail/base.html`

Subject, preheader and text are plain text: nothing is escaped in them. In the HTML everything is, as in any template.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context, Engine, TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import translate_url
from django.utils import timezone, translation

from apps.core.money import Money


@dataclass(frozen=True, slots=True)
class Rendered:
    """What the person will read."""

    subject: str
    text: str
    html: str


def render(kind: str, context: Mapping[str, Any], *, locale: str, zone: str, unsubscribe_url: str = "") -> Rendered:
    """Write the letter in the language `locale`; dates in the templates are shown in the IANA time zone `zone`.

    Raises TemplateDoesNotExist when the kind has no file, or no subject, text or html; ValueError when one of them
    comes out empty.
    """
    scope = {
        **{name: localised(value, locale=locale) for name, value in context.items()},
        "site_url": settings.SITE_URL,
        "shop_name": settings.SHOP_NAME,
        "shop_address": settings.SHOP_ADDRESS,
        "unsubscribe_url": unsubscribe_url,
        "language": locale,
    }
    with translation.override(locale), timezone.override(ZoneInfo(zone)):
        scope["subject"] = subject = " ".join(_plain(kind, "subject", scope).split())
        scope["preheader"] = " ".join(_preheader(kind, scope).split())
        text = _plain(kind, "text", scope).strip()
        body = get_template(f"mail/{kind}.html#html").render(scope)
        if not (subject and text and body.strip()):
            raise ValueError(f"The mail {kind} came out with an empty subject, text or html")
        return Rendered(
            subject=subject,
            text=_render_plain("mail/base.txt", {**scope, "body": text}).strip() + "\n",
            html=get_template("mail/base.html").render({**scope, "body": body}),
        )


def localised(value: Any, *, locale: str) -> Any:
    """The value, and where it is or holds links to pages of the shop, those pages in the language `locale`."""
    if isinstance(value, str):
        return _page(value, locale=locale) if value.startswith(f"{settings.SITE_URL}/") else value
    if isinstance(value, Mapping):
        return {name: localised(one, locale=locale) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [localised(one, locale=locale) for one in value]
    return value


def _page(address: str, *, locale: str) -> str:
    # Addresses are written without a language. They are read so whatever the page speaks from which the letter is sent.
    with translation.override(settings.LANGUAGE_CODE):
        return translate_url(address, locale)


def evidence(context: Mapping[str, Any], *, locale: str) -> dict[str, Any]:
    """The context as plain JSON, amounts as they were shown in that language.

    Raises TypeError for what is not plain, such as a model instance.
    """
    with translation.override(locale):
        return json.loads(json.dumps(dict(context), cls=_Encoder))


class _Encoder(DjangoJSONEncoder):
    def default(self, o):
        return str(o) if isinstance(o, Money) else super().default(o)


def _plain(kind: str, part: str, scope: dict[str, Any]) -> str:
    return _render_plain(f"mail/{kind}.html#{part}", scope)


def _render_plain(name: str, scope: dict[str, Any]) -> str:
    return Engine.get_default().get_template(name).render(Context(scope, autoescape=False))


def _preheader(kind: str, scope: dict[str, Any]) -> str:
    try:
        return _plain(kind, "preheader", scope)
    except TemplateDoesNotExist:
        return ""
