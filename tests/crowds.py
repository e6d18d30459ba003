"""Many threads that do something at the same moment, each on a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def at_once[T](count: int, work: Callable[[int], T], *, threads: int | None = None) -> list[T | Exception]:
    """Run `work(number)` for each number below `count`; results or exceptions, in order.

    All `threads` start together, one for each number unless fewer are told: the database has 200 connections.
    """
    width = threads or count
    barrier, results = Barrier(width), dict[int, T | Exception]()

    def run(first: int) -> None:
        try:
            barrier.wait()
            for number in range(first, count, width):
                try:
                    results[number] = work(number)
                except Exception as problem:
                    results[number] = problem
        finally:
            connection.close()

    with ThreadPoolExecutor(width) as pool:
        list(pool.map(run, range(width)))
    return [results[number] for number in range(count)]
