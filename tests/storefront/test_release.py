"""What is kept is kept for one version of the shop: another one makes other pages."""

from pathlib import Path

import pytest

from apps.storefront import kept


@pytest.fixture
def shop(tmp_path: Path, settings) -> Path:
    settings.BASE_DIR = tmp_path
    for name, text in {
        "apps/shop/views.py": "1",
        "templates/home.html": "a",
        "locale/it/LC_MESSAGES/django.mo": "x",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return tmp_path


def _release() -> str:
    return kept.release.__wrapped__()


@pytest.mark.parametrize("name", ["apps/shop/views.py", "templates/home.html", "locale/it/LC_MESSAGES/django.mo"])
def test_a_change_of_what_pages_are_made_of_is_another_release(shop, name):
    before = _release()
    assert _release() == before
    path = shop / name
    path.write_text("changed")
    changed = _release()
    path.rename(path.with_stem("other"))
    assert len({before, changed, _release()}) == 3


def test_what_pages_are_not_made_of_changes_nothing(shop):
    before = _release()
    (shop / "README.md").write_text("changed")
    (shop / "templates/home.html.orig").write_text("changed")
    assert _release() == before


def test_other_style_sheets_are_another_release(shop, monkeypatch):
    before = _release()
    monkeypatch.setattr("django.contrib.staticfiles.storage.staticfiles_storage.manifest_hash", "new", raising=False)
    assert _release() != before
