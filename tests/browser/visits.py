"""Who comes to the shop: with a wide screen or a narrow one, in one of its languages."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db.models import Model
from django.utils import translation
from django.utils.translation import gettext


@dataclass(frozen=True)
class Visit:
    """A screen's width in pixels, and a language of the shop."""

    width: int
    language: str

    def says(self, words: str, **facts: str) -> str:
        """What the shop says in this language, as the catalogue of texts has it."""
        with translation.override(self.language):
            said = gettext(words)
        assert self.language == "en" or said != words or words in _THE_SAME, f"{words!r} is not translated"
        return said % facts if facts else said

    def called(self, kind: type[Model], name: str) -> str:
        """What the merchant calls a row of this kind in this language, by its English name."""
        row = kind._default_manager.filter(name=name).first()
        with translation.override(self.language):
            return row.name_i18n

    def path(self, path: str) -> str:
        """The address of a page in this language."""
        return path if self.language == "en" else f"/{self.language}{path}"

    def __str__(self) -> str:
        return f"{self.width}-{self.language}"


# What Italians say as well.
_THE_SAME = {"Password"}
AT_HOME = Visit(1280, "en")
# Each walk at both widths, in two languages; what is left of widths and languages takes minutes more (`make soak`).
EVERY_VISIT = pytest.mark.parametrize(
    "visit",
    [
        AT_HOME,
        Visit(390, "it"),
        *(
            pytest.param(Visit(width, language), marks=pytest.mark.soak)
            for width, language in [(390, "en"), (1280, "it"), (390, "fr"), (1280, "fr"), (390, "ro"), (1280, "ro")]
        ),
    ],
    ids=str,
)
