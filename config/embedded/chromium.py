"""The browser of the tests."""

import os
import shutil
from pathlib import Path

from config.embedded.errors import EmbeddedError

_FOUND = Path(__file__).resolve().parent.parent.parent / ".cache" / "browser"


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
