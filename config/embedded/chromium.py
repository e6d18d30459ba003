"""The browser of the tests."""

import os
import shutil
from pathlib import Path

from config.embedded.errors import EmbeddedError

_CACHE = Path(__file__).resolve().parent.parent.parent / ".cache"
_FOUND = _CACHE / "browser"
# A wrapper that lends Playwright's Node a library, made only where the machine lacks it.
_NODE = _CACHE / "node" / "node"


def path() -> str:
    """The path of a Chromium: the one CHROMIUM names, or that `make test` found or fetched, or the one on PATH.

    Raises EmbeddedError when there is none.
    """
    named = os.environ.get("CHROMIUM")
    found = _FOUND.read_text().strip() if _FOUND.is_file() else ""
    for candidate in (named, found, "chromium"):
        if candidate and (executable := shutil.which(candidate)):
            return executable
    raise EmbeddedError("There is no Chromium. `make test` finds or fetches one; or set CHROMIUM to its path.")


def announce() -> None:
    """Tell Playwright, and whoever reads CHROMIUM, what was found for this machine, unless they were told already."""
    if _NODE.is_file():
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(_NODE))
    if _FOUND.is_file():
        os.environ.setdefault("CHROMIUM", _FOUND.read_text().strip())
