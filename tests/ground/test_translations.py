"""Every text of the shop has a translation in every language it is offered in."""

import pytest
from django.conf import settings

from config import messages


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
