"""A data folder that PostgreSQL's own user can reach too, and holders that never outlive their test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded import shelter
from tests.ground import holding
from tests.ground.holding import Holder


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="orangery-ground-"))
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(shelter.path_for(folder), ignore_errors=True)


@pytest.fixture
def hold(data: Path) -> Iterator[Callable[[], Holder]]:
    """Starts a holder over the data folder."""
    holders: list[Holder] = []

    def start() -> Holder:
        holders.append(holding.hold(data))
        return holders[-1]

    yield start
    # All end before any is asked for: a later one may have been given the port of an earlier one.
    for holder in holders:
        holder.popen.kill()
        holder.popen.communicate()
    for holder in holders:
        assert holder.is_gone()
