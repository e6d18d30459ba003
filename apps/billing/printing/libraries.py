"""Pango, which draws the text of a PDF: where the machine has none, the one that config/bootstrap.sh fetched for us."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path


@cache
def lend(folder: Path) -> None:
    """Make the shared libraries below `folder` known to this process, if there is such a folder. Safe to repeat.

    A library that is loaded answers to its name, so whoever asks for "libpango-1.0.so.0" later gets this one. Each is
    tried again after others, because it loads only when those it needs are there.
    """
    waiting = sorted({path.resolve() for path in folder.glob("root/**/lib*.so.*")})
    while waiting:
        left = [path for path in waiting if not _load(path)]
        if len(left) == len(waiting):
            break
        waiting = left
    settings = folder / "fonts.conf"
    if settings.is_file():
        os.environ.setdefault("FONTCONFIG_FILE", str(settings))


def _load(path: Path) -> bool:
    try:
        ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True
