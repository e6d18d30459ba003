"""The services of a test session: there before the settings are read, gone when the session ends or is killed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import shelter
from tests.ground.holding import ROOT, environment, read_holder

_NAMES = ("DATABASE_URL", "REDIS_URL", "STRIPE_API_BASE")
_TESTS = f"""
import json, os, pathlib, time
import psycopg, redis
AT_IMPORT = {{name: os.environ[name] for name in {_NAMES}}}

def test_services_answer():
    with psycopg.connect(AT_IMPORT["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(AT_IMPORT["REDIS_URL"]).ping() is True
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    pathlib.Path(f"seen-{{worker}}").write_text(json.dumps(AT_IMPORT))

test_services_answer_the_second_worker = test_services_answer

def test_hold():
    if "HOLD" in os.environ:
        os.write(int(os.environ["HOLD"]), (json.dumps(AT_IMPORT) + "\\n").encode())
        time.sleep(600)
"""
_COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "config.embedded.pytest_plugin"]


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


def run(clone: Path, *arguments: str, **env: str) -> str:
    done = subprocess.run(
        [*_COMMAND, *arguments], cwd=clone, env=environment(PYTHONPATH=str(clone), **env), capture_output=True, text=True
    )
    return done.stdout + done.stderr


def hold(clone: Path) -> "subprocess.Popen[str]":
    """A session that says where its services are and then stays in a test."""
    return subprocess.Popen(
        [*_COMMAND, "-s", "-k", "hold"],
        cwd=clone,
        env=environment(PYTHONPATH=str(clone), HOLD="2"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
