"""However the owner of the services ends, its processes and ports are gone afterwards."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.ground import holding
from tests.ground.holding import Holder

type Hold = Callable[[], Holder]


def test_services_run_as_processes_of_the_owner(hold: Hold) -> None:
    holder = hold()
    assert {"postgres", "valkey-server"} <= {process.name() for process in holder.left()}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_killed_owner_leaves_nothing(hold: Hold, number: signal.Signals) -> None:
    holder = hold()
    holder.popen.send_signal(number)
    assert holder.popen.wait() == -number
    assert holder.is_gone()


def test_ctrl_c_stops_the_services_before_the_owner_ends(hold: Hold) -> None:
    holder = hold()
    holder.popen.send_signal(signal.SIGINT)
    output, errors = holder.popen.communicate()
    assert (holder.popen.returncode, output, errors) == (0, "stopped\n", "")
    assert holder.left() == []


def test_ctrl_c_in_the_terminal_reaches_the_owner_alone(hold: Hold) -> None:
    holder = hold()
    groups = {os.getpgid(process.pid) for process in holder.left()}
    assert os.getpgid(holder.popen.pid) not in groups


def test_after_sigkill_a_new_start_finds_the_data(hold: Hold, data: Path) -> None:
    first = hold()
    with psycopg.connect(first.environ["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.popen.kill()
    second = hold()  # at once: the first server may still be shutting down
    with psycopg.connect(second.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchall() == [(42,)]


def test_a_server_that_survived_its_owner_is_stopped_by_the_next_start(hold: Hold, data: Path) -> None:
    first = hold()
    servers = [process for process in first.left() if process.ppid() == first.popen.pid]
    for process in servers:
        process.suspend()  # a stopped process does not act on the signal the kernel sends it
    first.popen.kill()
    first.popen.wait()
    assert {process.name() for process in first.left()} >= {"postgres"}
    hold()
    assert first.is_gone()


_LIKE_MAKE = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]])
"""


def test_when_make_is_killed_what_it_ran_goes_too(data: Path) -> None:
    env = holding.environment(MAKELEVEL="1")
    make = holding.read_holder(holding.start(_LIKE_MAKE, str(data), holding.HOLD_SERVICES, env=env))
    assert "postgres" in {process.name() for process in make.left()}
    make.popen.kill()
    make.popen.communicate()
    assert make.is_gone()
