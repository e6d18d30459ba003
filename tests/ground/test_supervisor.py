"""The supervisor: order, health, restarts, and nothing left behind."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from config.embedded import EmbeddedError, ports, process
from config.embedded.processes import Supervisor
from tests.ground import holding
from tests.ground.holding import eventually

_SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# Says in one shared file when it was asked to stop.
_NOTE = """
import signal, sys, time
def stop(*_):
    with open(sys.argv[1], "a") as f: f.write(sys.argv[2] + "\\n")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(600)
"""
_SUPERVISE = f"""
import json, sys
from pathlib import Path
from config.embedded.processes import Supervisor
notes, logs = sys.argv[1], Path(sys.argv[2])
ready = lambda name: lambda: b"ready" in (logs / (name + ".log")).read_bytes()
try:
    with Supervisor(logs) as supervisor:
        for name in ("web", "worker", "beat"):
            supervisor.spawn(name, [sys.executable, "-c", {_NOTE!r}, notes, name], healthy=ready(name))
        print(json.dumps(dict()), flush=True)
        supervisor.wait()
except KeyboardInterrupt:
    pass
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_the_processes_last_started_first(tmp_path: Path, number: signal.Signals) -> None:
    notes = tmp_path / "notes"
    holder = holding.read_holder(holding.start(_SUPERVISE, str(notes), str(tmp_path / "logs")))
    assert len(holder.left()) == 3
    holder.popen.send_signal(number)
    output, errors = holder.popen.communicate()
    assert (holder.popen.returncode, output, errors) == (0, "stopped\n", "")
    assert notes.read_text().split() == ["beat", "worker", "web"]
    assert holder.left() == []


def test_more_signals_do_not_disturb_the_stop(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    holder = holding.read_holder(holding.start(_SUPERVISE, str(notes), str(tmp_path / "logs")))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
        holder.popen.send_signal(number)
    output, errors = holder.popen.communicate()
    assert (holder.popen.returncode, output, errors) == (0, "stopped\n", "")
    assert notes.read_text().split() == ["beat", "worker", "web"]


def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    holder = holding.read_holder(holding.start(_SUPERVISE, str(tmp_path / "notes"), str(tmp_path / "logs")))
    holder.popen.kill()
    holder.popen.communicate()
    assert holder.is_gone()


def test_the_workers_of_a_killed_web_server_go_too(tmp_path: Path) -> None:
    port = ports.free()
    server = "def app(environ, start):\n    start('200 OK', [])\n    return [b'ok']\n"
    (tmp_path / "served.py").write_text(server)
    source = f"""
import sys
from pathlib import Path
from config.embedded.processes import Supervisor
with Supervisor(Path({str(tmp_path / "logs")!r})) as supervisor:
    argv = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:{port}", "-w", "1", "--threads", "2", "served:app"]
    supervisor.spawn("web", argv, cwd=Path({str(tmp_path)!r}), healthy="http://127.0.0.1:{port}/")
    print("{{}}", flush=True)
    supervisor.wait()
"""
    holder = holding.read_holder(holding.start(source))
    assert len(holder.left()) == 2
    holder.popen.kill()
    holder.popen.communicate()
    assert holder.is_gone()
    assert not ports.is_open(port)


def test_stopping_a_process_ends_what_it_started_itself(tmp_path: Path) -> None:
    parent = "import subprocess, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.spawn("worker", [sys.executable, "-c", parent])
        worker = psutil.Process(supervisor.pids()["worker"])
        assert eventually(lambda: len(worker.children()) == 1)
        grandchild = worker.children()[0]
    assert eventually(lambda: not process.is_living(grandchild))


def test_a_process_that_dies_before_it_is_well_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.spawn("worker", _SLEEP)
        with pytest.raises(EmbeddedError) as failure:
            supervisor.spawn("web", [sys.executable, "-c", "raise SystemExit('no such table')"], healthy=lambda: False)
        log = tmp_path / "logs" / "web.log"
        assert str(failure.value) == f"web ended with exit code 1.\nThe end of {log}:\n  no such table"
        assert list(supervisor.pids()) == ["worker"]


def test_a_process_that_never_gets_well_is_given_up_and_stopped(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        with pytest.raises(EmbeddedError, match=r"web did not answer within 0\.1 seconds"):
            supervisor.spawn("web", _SLEEP, healthy=lambda: False, healthy_seconds=0.1)
        web = psutil.Process(supervisor.pids()["web"])
    assert not process.is_living(web)


def test_a_dead_worker_is_reported_and_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    killed: list[int] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 2:
            raise KeyboardInterrupt

    with Supervisor(tmp_path / "logs", say=say) as supervisor:
        runs = tmp_path / "runs"
        source = "import sys; f = open(sys.argv[1], 'a'); f.write('run\\n'); f.close(); print('boom'); sys.exit(3)"
        supervisor.spawn("worker", [sys.executable, "-c", source, str(runs)])
        supervisor.spawn("web", _SLEEP)
        killed.append(supervisor.pids()["web"])
        supervisor.wait()
        assert supervisor.pids() == {"web": killed[0]}
    assert runs.read_text() == "run\nrun\n"
    assert said[0].startswith("worker ended with exit code 3.\n")
    assert said[0].endswith("  boom\nStarting worker again in 1 s.")
    assert said[1].endswith("  boom\n  boom\nStarting worker again in 2 s.")


def test_a_process_that_must_not_be_restarted_ends_the_wait(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.spawn("worker", _SLEEP)
        supervisor.spawn("web", [sys.executable, "-c", "raise SystemExit(4)"], restart=False)
        with pytest.raises(EmbeddedError, match=r"web ended with exit code 4\."):
            supervisor.wait()
        worker = psutil.Process(supervisor.pids()["worker"])
    assert not process.is_living(worker)


def test_names_are_unique(tmp_path: Path) -> None:
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.spawn("web", _SLEEP)
        before = supervisor.pids()
        with pytest.raises(EmbeddedError, match="a process named web already"):
            supervisor.spawn("web", _SLEEP)
        assert supervisor.pids() == before


def test_a_closed_terminal_stops_all_even_when_the_signal_goes_to_another(tmp_path: Path) -> None:
    notes, logs = tmp_path / "notes", tmp_path / "logs"
    leader, terminal = pty.openpty()
    popen = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISE, str(notes), str(logs)],
        env=holding.environment(),
        cwd=holding.ROOT,
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    holder = holding.read_holder(popen)
    os.close(terminal)
    os.close(leader)
    popen.communicate()
    assert popen.returncode == 0
    assert notes.read_text().split() == ["beat", "worker", "web"]
    assert holder.left() == []
