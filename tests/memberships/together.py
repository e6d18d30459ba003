"""Several hands at the same moment."""

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection

from apps.memberships.errors import Refused


def together(*acts: Callable[[], object]) -> list[Exception]:
    """Carry the acts out at the same moment, each on a connection of its own; returns what went wrong, refusals not."""
    ready, problems = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            ready.wait()
            act()
        except Refused:
            pass
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems
