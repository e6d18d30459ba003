"""Finding the browser of the tests."""

import sys
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, chromium


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the bootstrap writes what it found, which does not exist yet; nothing is named or on PATH."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_FOUND", tmp_path / "browser")
    return tmp_path / "browser"


def test_the_browser_that_the_bootstrap_found_is_used(found: Path) -> None:
    found.write_text(f"{sys.executable}\n")
    assert chromium.path() == sys.executable


def test_a_browser_named_in_the_environment_comes_first(found: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found.write_text("/bin/cat\n")
    monkeypatch.setenv("CHROMIUM", sys.executable)
    assert chromium.path() == sys.executable


def test_a_browser_that_was_found_and_then_removed_gives_way_to_the_one_on_path(found: Path) -> None:
    found.write_text("/nowhere/chromium\n")
    executable = found.parent / "chromium"
    executable.touch(mode=0o755)
    assert chromium.path() == str(executable)


def test_without_a_browser_the_error_says_what_to_do(found: Path) -> None:
    with pytest.raises(EmbeddedError, match="set CHROMIUM to its path"):
        chromium.path()
