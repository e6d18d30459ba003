"""Every text of the shop has a translation in every language it is offered in."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from config import library_texts, messages


@pytest.fixture(scope="module")
def texts():
    return messages.texts()


def test_a_catalogue_for_each_language():
    assert [code for code, _name in settings.LANGUAGES] == ["en", *messages.LANGUAGES]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_is_translated(texts, language):
    catalogue = messages.read(language)
    missing = [
        text.id for text in texts if text.id and not messages.is_complete(catalogue.get(text.id, context=text.context))
    ]
    assert missing == [], "Run `make messages` and translate what is new"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_nothing_is_left_of_texts_that_are_gone(texts, language):
    catalogue = messages.read(language)
    gone = [text.id for text in catalogue if text.id and texts.get(text.id, context=text.context) is None]
    assert gone == [], "Run `make messages`"
    assert not catalogue.obsolete
    assert not [text.id for text in catalogue if text.fuzzy and text.id]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_translations_keep_the_placeholders_and_have_all_plural_forms(language):
    """As `msgfmt --check` would: the values named in a text are those that its translation names."""
    catalogue = messages.read(language)
    wrong = [(text.id, [str(problem) for problem in problems]) for text, problems in catalogue.check()]
    assert wrong == []


def test_the_texts_of_libraries_are_theirs_still():
    """A new version of allauth may say it in other words: then ours are read by nobody."""
    folder = Path(find_spec("allauth").origin).parent / "locale" / "ro" / "LC_MESSAGES"
    with (folder / "django.po").open("rb") as file:
        theirs = read_po(file, locale="ro")
    assert [text for text in library_texts.TEXTS if text not in theirs] == []


@pytest.mark.parametrize(
    ("language", "said"), [("it", "Accedi"), ("fr", "Se connecter"), ("ro", "Conectare"), ("en", "Sign In")]
)
def test_ours_come_before_theirs(language, said):
    with translation.override(language):
        assert gettext("Sign In") == said
