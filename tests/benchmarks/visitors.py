"""Visitors who ask a web server over open connections. They cost little, so the server is what is measured."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode, urlsplit

# So many ask at a time: the server, one process, is never without a request.
CONNECTIONS = 2


@dataclass(frozen=True)
class Request:
    """What is sent again and again, and the status that each answer must have."""

    sent: bytes
    status: int

    @classmethod
    def make(
        cls,
        site: str,
        path: str,
        *,
        cookies: Mapping[str, str],
        form: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Request:
        """A GET of a page, or a POST of a form."""
        body = urlencode(form).encode() if form else b""
        head = [f"{'POST' if form else 'GET'} {path} HTTP/1.1", f"Host: {urlsplit(site).netloc}"]
        if cookies:
            head.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
        if form:
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return cls("\r\n".join([*head, "", ""]).encode() + body, status)


@dataclass(frozen=True)
class Taken:
    """How long so many requests took together, and each of them, in seconds."""

    elapsed: float
    each: list[float]


def ask(site: str, requests: Iterator[Request], *, times: int) -> Taken:
    """Ask so often over each of `CONNECTIONS` connections at once, for what comes next each time."""
    where = urlsplit(site)
    with ExitStack() as open_until_the_end, ThreadPoolExecutor(CONNECTIONS) as threads:
        lines = [
            open_until_the_end.enter_context(socket.create_connection((where.hostname, where.port)))
            for _connection in range(CONNECTIONS)
        ]
        began = time.perf_counter()
        found = list(threads.map(lambda line: _ask(line, requests, times=times), lines))
        return Taken(time.perf_counter() - began, [seconds for each in found for seconds in each])


def answer(site: str, request: Request) -> bytes:
    """The body of one answer."""
    where = urlsplit(site)
    with socket.create_connection((where.hostname, where.port)) as line:
        return _exchange(line, request)


def _ask(line: socket.socket, requests: Iterator[Request], *, times: int) -> list[float]:
    found = []
    for request in islice(requests, times):
        began = time.perf_counter()
        _exchange(line, request)
        found.append(time.perf_counter() - began)
    return found


def _exchange(line: socket.socket, request: Request) -> bytes:
    line.sendall(request.sent)
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, body = got.split(b"\r\n\r\n", 1)
    status, *headers = head.lower().split(b"\r\n")
    assert int(status.split(b" ")[1]) == request.status, got[:2000]
    length = next(int(row.split(b":")[1]) for row in headers if row.startswith(b"content-length:"))
    while len(body) < length:
        body += _more(line)
    return body


def _more(line: socket.socket) -> bytes:
    got = line.recv(1 << 18)
    assert got, "The server closed the connection"
    return got
