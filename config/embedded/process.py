"""Child processes that never outlive us.

Three things together keep a machine clean, whatever happens to us:
- the kernel signals each child when we die, SIGKILL included (PR_SET_PDEATHSIG);
- each child leads its own session, so that Ctrl-C in the terminal reaches us alone and we stop children in order;
- each child leaves a record of its pid and birth, so that the next start can stop what was left behind all the same.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.embedded.account import NO_SWITCH, Account
from config.embedded.errors import DiedEarly, EmbeddedError

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child of a threaded process must not load libraries.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Child:
    """A running process of ours: its name, its handle and the file which takes its output."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    record: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    def is_running(self) -> bool:
        """Whether it still runs; reaps it when it does not."""
        return self.popen.poll() is None

    def death(self) -> DiedEarly:
        """The error to raise for a process that ended by itself: its exit code and the end of its log."""
        return DiedEarly(f"{self.name} ended with exit code {self.popen.poll()}.\n{tail(self.log)}")


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel to send us `number` when the process that started us dies, however it dies."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def dying_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What a child runs between fork and exec. It comes after the change of user, which would clear the wish."""

    def in_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the wish was made
            os._exit(1)

    return in_child


def launch(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    record: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Child:
    """Start a child that the kernel signals with `death_signal` when we die. Its output is appended to `log`.

    `record` is the file that remembers the child for `stop_leftover`. Must be called from the main thread, because the
    kernel watches the thread that forked, not the process; raises EmbeddedError otherwise.
    """
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedError(f"{name} must be started from the main thread.")
    log.parent.mkdir(parents=True, exist_ok=True)
    record.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        popen = subprocess.Popen(  # noqa: S603 - the commands are our own
            [str(part) for part in argv],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd or "/",
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), death_signal),
            **(account.switch() if account else NO_SWITCH),
        )
    if popen.stdin:
        with contextlib.suppress(BrokenPipeError), popen.stdin as pipe:
            pipe.write(stdin)
    child = Child(name=name, popen=popen, log=log, record=record)
    with contextlib.suppress(psutil.NoSuchProcess):
        record.write_text(f"{child.pid} {psutil.Process(child.pid).create_time()}\n")
    return child


def run(argv: Sequence[str | Path], *, account: Account | None = None) -> None:
    """Run a short command to its end; it dies with us. Raises EmbeddedError with its output when it fails."""
    done = subprocess.run(  # noqa: S603 - the commands are our own
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        check=False,
        preexec_fn=dying_with(os.getpid(), signal.SIGKILL),
        **(account.switch() if account else NO_SWITCH),
    )
    if done.returncode != 0:
        raise EmbeddedError(f"{Path(argv[0]).name} failed with exit code {done.returncode}.\n{done.stdout}")


def foreground(argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> int:
    """Run a command on our own terminal to its end and return its exit code. It dies with us; Ctrl-C reaches both."""
    command = [str(part) for part in argv]
    wish = dying_with(os.getpid(), signal.SIGTERM)
    return subprocess.run(command, env=env, cwd=cwd, check=False, preexec_fn=wish).returncode  # noqa: S603


def wait_until(
    child: Child, ready: Callable[[], bool], *, seconds: float, alive: Callable[[], None] | None = None
) -> None:
    """Wait until `ready()`; at most `seconds`. Raises DiedEarly when the child ends first or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not child.is_running():
            raise child.death()
        if time.monotonic() > deadline:
            raise DiedEarly(f"{child.name} did not answer within {seconds:g} seconds.\n{tail(child.log)}")
        if alive:
            alive()
        time.sleep(0.02)


def stop(child: Child, *, number: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Signal the child and wait for its end; after `seconds`, SIGKILL it. Its whole session ends with it."""
    if child.is_running():
        child.popen.send_signal(number)
        try:
            child.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            child.popen.kill()
            child.popen.wait()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.record.unlink(missing_ok=True)


def stop_leftover(record: Path, *, number: signal.Signals = signal.SIGTERM, seconds: float = 10) -> None:
    """Stop the process that `record` remembers if it still lives, for one whose owner was killed."""
    try:
        pid, birth = record.read_text().split()
        process = psutil.Process(int(pid))
        if abs(process.create_time() - float(birth)) < 0.1:  # else the pid has gone to a stranger
            end(process, number=number, seconds=seconds)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        pass
    record.unlink(missing_ok=True)


def end(process: psutil.Process, *, number: signal.Signals, seconds: float = 10) -> None:
    """Signal a process that is not our child and wait for its end; after `seconds`, SIGKILL it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
        process.resume()  # a suspended process would not act on it
        if not _ends(process, seconds=seconds):
            process.kill()
            _ends(process, seconds=seconds)


def is_living(process: psutil.Process) -> bool:
    """Whether it still runs. A zombie does not: in a container there may be nobody to reap it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ends(process: psutil.Process, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_living(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def tail(log: Path, *, lines: int = 15) -> str:
    """The last lines of a log, with its path, as shown to a person."""
    if not log.is_file():
        return f"(no log at {log})"
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - 16_384))
        text = stream.read().decode(errors="replace")
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in text.splitlines()[-lines:])])


def require_linux() -> None:
    """Raise EmbeddedError elsewhere: the promise to leave nothing behind is kept by the Linux kernel."""
    if sys.platform != "linux":
        raise EmbeddedError("The embedded services run on Linux. Elsewhere, set DATABASE_URL and REDIS_URL.")
