"""What is the database's fault, and what is a row's."""

import pytest
from django.db import DatabaseError, DataError, OperationalError, connection, transaction

from apps.core.models import Edition
from apps.core.outages import is_outage


def failure(*statements: str) -> BaseException:
    """What comes of them, run one after the other in a transaction."""
    with pytest.raises(DatabaseError) as raised:
        _run(statements)
    return raised.value


def _run(statements: tuple[str, ...]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def shaken(own_database):
    """A database whose connection does not outlive the test."""
    yield
    connection.close()


def test_a_connection_that_is_cut_off_is_an_outage(shaken):
    problem = failure("SELECT pg_terminate_backend(pg_backend_pid())")
    assert isinstance(problem, OperationalError)
    assert is_outage(problem)


def test_a_server_that_is_not_there_is_an_outage(shaken):
    connection.close()
    connection.settings_dict["PORT"], port = "1", connection.settings_dict["PORT"]
    try:
        with pytest.raises(OperationalError) as raised:
            connection.ensure_connection()
    finally:
        connection.settings_dict["PORT"] = port
    assert is_outage(raised.value)


def test_what_a_row_causes_is_none(shaken):
    too_slow = failure("SET LOCAL statement_timeout = 1", "SELECT pg_sleep(1)")
    assert isinstance(too_slow, OperationalError)
    assert not is_outage(too_slow)
    wrong = failure("SELECT 1 / 0")
    assert isinstance(wrong, DataError)
    assert not is_outage(wrong)
    assert not is_outage(ValueError("no price"))


def _begin_request() -> None:
    """What Django does with the connection at the beginning of every request."""
    connection.close_if_unusable_or_obsolete()


def test_the_edition_is_known_although_its_connection_was_cut_off(shaken):
    mark = Edition.objects.current()
    another = connection.copy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()
    _begin_request()
    with another.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", backend)
    another.close()
    assert Edition.objects.current() == mark


def test_a_connection_that_answers_for_the_edition_is_not_asked_before(shaken, monkeypatch):
    connection.ensure_connection()
    _begin_request()
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("It was asked whether it works"))
    Edition.objects.current()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
