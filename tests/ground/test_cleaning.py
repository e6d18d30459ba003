"""`make clean`: what runs is stopped, what is stored is removed, also outside the clone."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import embedded
from config.embedded import cleaning, shelter
from tests.ground import holding


@pytest.fixture
def folder() -> Iterator[Path]:
    """A .data folder in a clone that only we can enter, so that as root its clusters lie outside it."""
    with tempfile.TemporaryDirectory(prefix="orangery-clean-") as clone:
        yield Path(clone) / ".data"
        for name in ("demo", "test"):
            shutil.rmtree(shelter.path_for(Path(clone) / ".data" / name), ignore_errors=True)


def test_all_is_stopped_and_removed(folder: Path) -> None:
    demo, test = folder / "demo", folder / "test"
    embedded.start(test, durable=False, sandbox=False).stop()
    holder = holding.hold(demo)
    said: list[str] = []
    cleaning.clean(folder, say=said.append)
    holder.popen.communicate()
    assert holder.is_gone()
    pid = holder.popen.pid
    assert said == [f"Stopping process {pid}, which uses {demo}", f"Removing {demo}", f"Removing {test}"]
    assert not folder.exists()
    assert not shelter.path_for(demo).exists()
    assert not shelter.path_for(test).exists()


def test_a_start_after_cleaning_is_a_fresh_one(folder: Path) -> None:
    for _ in range(2):
        with (
            embedded.start(folder / "demo", durable=False, sandbox=False) as services,
            psycopg.connect(services.database_url) as connection,
        ):
            connection.execute("CREATE TABLE kept ()")
        cleaning.clean(folder, say=lambda sentence: None)


def test_there_may_be_nothing_to_clean(folder: Path) -> None:
    said: list[str] = []
    cleaning.clean(folder, say=said.append)
    assert said == []
