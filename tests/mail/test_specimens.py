"""Specimens of the letters: one of each kind, in every language, for staff to look at."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import reverse

from apps.mail import specimens
from apps.mail.models import Message
from tests.factories import accounts

LETTERS = [
    path.stem
    for path in (Path(settings.BASE_DIR) / "templates" / "mail").glob("*.html")
    if "partialdef subject" in path.read_text()
]
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def boss(client, db):
    user = accounts.staff()
    client.force_login(user)
    return user


def test_every_kind_has_one():
    assert specimens.kinds() == sorted(LETTERS)


@pytest.mark.parametrize("kind", specimens.kinds())
def test_it_says_the_same_in_every_language(kind):
    written = {language: specimens.render(kind, locale=language) for language in LANGUAGES}
    subjects = {language: one.subject for language, one in written.items()}
    assert all(subjects[language] != subjects["en"] for language in LANGUAGES if language != "en")
    for language, one in written.items():
        assert f'lang="{language}"' in one.html
        for text in (one.subject, one.text, one.html):
            assert not re.search(r"\{\{|\{%|%\(|None|Money\(", text), (language, text)


def test_staff_see_all_and_each(client, boss):
    page = client.get(reverse("admin:mail_specimens"), {"language": "it"}).content.decode()
    for kind in specimens.kinds():
        assert reverse("admin:mail_specimen", args=[kind, "it"]) in page
    assert specimens.render("receipt", locale="it").subject in page
    page = client.get(reverse("admin:mail_specimen", args=["receipt", "fr"])).content.decode()
    assert f'src="{reverse("admin:mail_specimen_html", args=["receipt", "fr"])}"' in page
    frame = client.get(reverse("admin:mail_specimen_html", args=["receipt", "fr"]))
    assert 'lang="fr"' in frame.content.decode()
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert not Message.objects.exists()


@pytest.mark.parametrize("address", [["no-such-kind", "en"], ["receipt", "tlh"]])
def test_what_is_not_there_is_not_found(client, boss, address):
    for name in ("mail_specimen", "mail_specimen_html"):
        assert client.get(reverse(f"admin:{name}", args=address)).status_code == 404


def test_who_may_not_read_mail_sees_none(client, db):
    clerk = accounts.staff()
    clerk.is_superuser = False
    clerk.save()
    client.force_login(clerk)
    assert client.get(reverse("admin:mail_specimens")).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_message"))
    client.force_login(type(clerk).objects.get(pk=clerk.pk))
    assert client.get(reverse("admin:mail_specimens")).status_code == 200
