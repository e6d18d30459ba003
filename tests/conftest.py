"""Fixtures shared by all tests: the time, and databases that commit for real."""

import gc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test.utils import teardown_databases
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as random_cases
from playwright.sync_api import expect

from apps.billing import gateway as gateways
from apps.billing.gateway.rehearsal import Rehearsal
from tests import migrated, stack_settings
from tests.factories import catalog, memberships

ROOT = Path(__file__).parent

# A page on a busy machine takes its time; this ends a hung test and measures nothing.
expect.set_options(timeout=30_000)

# The first draw on a new machine takes seconds. No correctness test holds a limit of time.
random_cases.register_profile("shop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
random_cases.load_profile("shop")

# One running shop serves all tests of these folders, so they stay together.
TOGETHER = ("browser", "chaos")
# Long ones begin first: at the end all workers should have something to do.
LONG = (*TOGETHER, "webhooks")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Say which tests share a worker, where several run them (`--dist loadgroup`)."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder in TOGETHER else str(item.path.relative_to(ROOT))))
    yield
    # Last of all: pytest-django has put the tests in an order of its own.
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.parent.name not in LONG)


def pytest_collection_finish() -> None:
    """Collect garbage more rarely, and never search what is loaded by now: a tenth of the time that tests took."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@pytest.fixture
def now() -> datetime:
    """The instant at which a test begins, unless it says otherwise."""
    return datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def gateway() -> Iterator[Rehearsal]:
    """A rehearsed gateway in force for the test: in memory, scripted by card."""
    with gateways.using(Rehearsal()) as adapter:
        yield adapter


@pytest.fixture
def stocked(db) -> None:
    """The demo's catalogue and plans."""
    catalog.stock()
    memberships.plans()


@pytest.fixture(autouse=True)
def quick_passwords(settings) -> None:
    """Hash passwords cheaply: a good hash is slow on purpose. The shop that runs beside the tests does the same."""
    settings.PASSWORD_HASHERS = stack_settings.PASSWORD_HASHERS


@pytest.fixture(scope="session", autouse=True)
def files_looked_for_when_asked() -> None:
    """Each client of a test loads the middleware afresh, and WhiteNoise would read all static files each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page leaves its language to the thread that wrote it; the next test begins in English."""
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_modify_db_settings, django_db_blocker) -> Iterator[None]:
    """The migrated test database.

    pytest-django's own fixture makes it only if some test of the session is marked with `django_db`; a session of tests
    over `own_database` alone would clone the empty database of DATABASE_URL.
    """
    with django_db_blocker.unblock():
        made = migrated.set_up()
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@contextmanager
def clone_database() -> Iterator[str]:
    """Point Django at a clone of the migrated test database, and drop the clone afterwards.

    For tests that commit: threads, worker processes, browsers. Truncating tables between tests, as Django's own
    transactional tests do, is refused by the append-only triggers, and a clone takes a tenth of a second.
    """
    template = settings.DATABASES["default"]["NAME"]
    name = f"{template}_{uuid4().hex[:8]}"
    connections.close_all()
    _administer(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    _use(name)
    try:
        yield name
    finally:
        connections.close_all()
        _use(template)
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def _use(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = name
    connections.settings["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


@pytest.fixture
def own_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A database of the test's own in which commits are real; its name."""
    with django_db_blocker.unblock(), clone_database() as name:
        yield name
