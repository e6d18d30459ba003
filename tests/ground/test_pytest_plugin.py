"""The services of a test session: there before the settings are read, gone when the session ends or is killed."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.embedded import ports, shelter
from tests.ground.holding import ROOT, Holder, environment, eventually

_TESTS = """
import json, os, pathlib, time
import psycopg, pytest, redis

NAMES = ("DATABASE_URL", "REDIS_URL", "STRIPE_API_BASE")
AT_IMPORT = {name: os.environ[name] for name in NAMES}

def note(name):
    draft = pathlib.Path("draft-" + name)
    draft.write_text(json.dumps(AT_IMPORT))
    draft.rename("seen-" + name)

@pytest.mark.parametrize("number", range(8))
def test_services_answer(number):
    with psycopg.connect(AT_IMPORT["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(AT_IMPORT["REDIS_URL"]).ping() is True
    note(os.environ.get("PYTEST_XDIST_WORKER", "alone"))

def test_hold():
    note(os.environ["HOLD"])
    time.sleep(600)
"""
_PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "config.embedded.pytest_plugin"]


@pytest.fixture
def clone() -> Iterator[Path]:
    """A clone with the code of the shop and one test file."""
    with tempfile.TemporaryDirectory(prefix="orangery-plugin-") as folder:
        place = Path(folder)
        for name in ("apps", "config"):
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        (place / "test_it.py").write_text(_TESTS)
        (place / "pytest.ini").write_text("[pytest]\n")
        yield place
        for data in (place / ".data").glob("*"):
            shutil.rmtree(shelter.path_for(data), ignore_errors=True)


def seen(clone: Path, name: str) -> dict[str, str]:
    """The addresses that the session of this name found in its environment."""
    return json.loads((clone / f"seen-{name}").read_text())


def port(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


def run(clone: Path, *arguments: str, **env: str) -> str:
    """Run the session to its end; its output."""
    return subprocess.run(
        [*_PYTEST, "-k", "answer", *arguments],
        cwd=clone,
        env=environment(PYTHONPATH=str(clone), **env),
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def hold(clone: Path, name: str) -> Holder:
    """Start a session that stays in a test, and wait until it is there."""
    popen = subprocess.Popen(
        [*_PYTEST, "-k", "hold"],
        cwd=clone,
        env=environment(PYTHONPATH=str(clone), HOLD=name),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert eventually((clone / f"seen-{name}").exists)
    return Holder(popen, seen(clone, name), psutil.Process(popen.pid).children(recursive=True))


def test_a_session_has_its_services_and_leaves_nothing(clone: Path) -> None:
    assert "8 passed" in run(clone)
    found = seen(clone, "alone")
    assert [ports.is_open(port(url)) for url in found.values()] == [False, False, False]
    assert [path.name for path in (clone / ".data").iterdir()] == ["test"]


def test_parallel_workers_share_the_server_and_nothing_else(clone: Path) -> None:
    assert "16 passed" in run(clone, "-n", "2", "--dist", "each")
    first, second = seen(clone, "gw0"), seen(clone, "gw1")
    assert first["DATABASE_URL"] == second["DATABASE_URL"]
    assert (first["REDIS_URL"][-2:], second["REDIS_URL"][-2:]) == ("/1", "/2")
    assert first["REDIS_URL"][:-1] == second["REDIS_URL"][:-1]
    assert first["STRIPE_API_BASE"] != second["STRIPE_API_BASE"]
    assert not any(ports.is_open(port(url)) for url in (*first.values(), *second.values()))


def test_sessions_at_the_same_time_do_not_meet_and_killed_ones_leave_nothing(clone: Path) -> None:
    first, second = hold(clone, "first"), hold(clone, "second")
    assert {path.name for path in (clone / ".data").iterdir()} == {"test", "test-2"}
    assert not set(first.environ.values()) & set(second.environ.values())
    for holder in (first, second):
        holder.popen.kill()
        holder.popen.communicate()
        assert holder.is_gone()


def test_services_that_the_environment_names_are_used_as_they_are(clone: Path) -> None:
    named = {"DATABASE_URL": "postgres://elsewhere/shop", "REDIS_URL": "redis://elsewhere/0", "STRIPE_API_BASE": "x"}
    output = run(clone, "--collect-only", **named)
    assert "8/9 tests collected" in output
    assert not (clone / ".data").exists()
