"""The catalogues of translations: `make messages` brings them up to date with the texts of the code and the templates.

Babel reads both, so that no machine needs the programs of GNU gettext. A text that is gone leaves the catalogue, one
that is new is added without a translation, and `tests/ground/test_translations.py` fails until it has one.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

BASE = Path(__file__).resolve().parent.parent
LANGUAGES = ("it", "fr", "ro")
_SOURCES = (("apps", "*.py"), ("config", "*.py"), ("apps", "*.html"), ("templates", "*.html"), ("templates", "*.txt"))
# The date would be the only difference between two runs.
_DATED = datetime(2026, 1, 1, tzinfo=UTC)
_PLURAL, _IN_CONTEXT, _PLURAL_IN_CONTEXT = (1, 2), ((1, "c"), 2), ((1, "c"), 2, 3)
_KEYWORDS: dict[str, Any] = {
    # `_text` and `_plain` are gettext in modules where `_` is the lazy one.
    **dict.fromkeys(["_", "_text", "_plain", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], _PLURAL),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], _IN_CONTEXT),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], _PLURAL_IN_CONTEXT),
}


def texts() -> Catalog:
    """All texts that are translated, as they stand in the code and the templates."""
    found = Catalog(charset="utf-8")
    for path in sorted(_files()):
        source = path.read_text()
        if path.suffix != ".py":
            # Calls between words that mean nothing, in lines indented anyhow: brackets make an expression of it.
            source = f"(\n{templatize(source, origin=str(path))}\n)"
        read = extract("python", io.BytesIO(source.encode()), keywords=_KEYWORDS, comment_tags=["Translators"])
        for _line, text, comments, context in read:
            found.add(text, auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Path:
    """The file of one language."""
    return BASE / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """What is translated so far; nothing for a language that is new."""
    path = catalogue(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, template: Catalog) -> list[Message]:
    """Bring one language up to date; the texts that have no translation yet."""
    translated = read(language)
    translated.update(template, no_fuzzy_matching=True)
    translated.obsolete.clear()
    translated.fuzzy = False
    translated.project, translated.version = "Orangery", "1"
    translated.header_comment = f"# Orangery, {translated.locale.english_name if translated.locale else language}."
    translated.creation_date = translated.revision_date = _DATED
    path = catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, translated, no_location=True, sort_output=True, omit_header=False, width=0)
    return [message for message in translated if message.id and not is_complete(message)]


def is_complete(message: Message | None) -> bool:
    """Whether there is a translation, in all plural forms of its language."""
    if message is None:
        return False
    return all(message.string) if isinstance(message.string, list | tuple) else bool(message.string)


def _files() -> Iterator[Path]:
    for folder, pattern in _SOURCES:
        yield from (path for path in (BASE / folder).rglob(pattern) if "migrations" not in path.parts)


def main() -> None:
    template = texts()
    for language in LANGUAGES:
        missing = update(language, template)
        sys.stdout.write(f"{language}: {len(template)} texts, {len(missing)} without a translation\n")


if __name__ == "__main__":
    main()
