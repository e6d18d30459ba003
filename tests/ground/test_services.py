"""Starting, refusing and finding again: the services over one data folder."""

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded
from config.embedded import shelter
from tests.ground.holding import Holder


def cluster(data: Path) -> Path:
    found = [place / "postgres" for place in (data, shelter.path_for(data)) if (place / "postgres").is_dir()]
    assert len(found) == 1
    return found[0]


def setting(services: embedded.Services, name: str) -> str:
    with psycopg.connect(services.database_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_a_second_start_says_who_has_the_folder_and_how_to_stop_it(hold: Callable[[], Holder], data: Path) -> None:
    holder = hold()
    with pytest.raises(embedded.DataInUse) as refusal:
        embedded.start(data, durable=True, sandbox=False)
    assert refusal.value.pid == holder.popen.pid
    assert f"in use by process {holder.popen.pid} (-c {data})" in str(refusal.value)
    assert f"kill {holder.popen.pid}" in str(refusal.value)
    with psycopg.connect(holder.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert redis.Redis.from_url(holder.environ["REDIS_URL"]).ping() is True


def test_a_stopped_folder_can_be_started_again_with_its_data(data: Path) -> None:
    sentences: list[str] = []
    with (
        embedded.start(data, durable=True, sandbox=False, progress=sentences.append) as services,
        psycopg.connect(services.database_url) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with (
        embedded.start(data, durable=True, sandbox=False, progress=sentences.append) as services,
        psycopg.connect(services.database_url) as connection,
    ):
        assert connection.execute("SELECT answer FROM kept").fetchall() == [(42,)]
    created, again = "Creating the database, once", "Starting PostgreSQL"
    assert sentences == [created, "Starting Valkey", again, "Starting Valkey"]


def test_only_tests_give_up_durability(data: Path) -> None:
    for durable, expected in ((True, "on"), (False, "off")):
        with embedded.start(data, durable=durable, sandbox=False) as services:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                assert setting(services, name) == expected


def test_servers_listen_on_the_loopback_address_and_ask_for_a_password(data: Path) -> None:
    with embedded.start(data, durable=False, sandbox=False) as services:
        assert setting(services, "listen_addresses") == "127.0.0.1"
        assert setting(services, "unix_socket_directories") == ""
        secret = (data / "password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(services.database_url.replace(secret, "guess"))
        address = services.redis_url.rsplit("@", 1)[1]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{address}").ping()
        assert (data / "password").stat().st_mode & 0o777 == 0o600
        arguments = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert secret not in arguments
        assert services.redis_url.split(":")[2].split("@")[0] not in arguments


def test_text_is_unicode_and_the_extensions_of_the_shop_are_there(data: Path) -> None:
    with (
        embedded.start(data, durable=False, sandbox=False) as services,
        psycopg.connect(services.database_url) as connection,
    ):
        for name in ("btree_gist", "pg_trgm", "unaccent"):
            connection.execute(f"CREATE EXTENSION {name}")
        row = connection.execute("SELECT upper('țară'), unaccent('țară'), current_setting('timezone')").fetchone()
    assert row == ("ȚARĂ", "tara", "UTC")


def test_a_cluster_that_was_never_finished_is_made_anew(data: Path) -> None:
    with embedded.start(data, durable=False, sandbox=False):
        place = cluster(data)
    (place / "PG_VERSION").unlink()
    with embedded.start(data, durable=False, sandbox=False) as services:
        assert setting(services, "server_version_num").startswith("18")


def test_a_pid_file_that_names_a_stranger_is_ignored_and_the_stranger_lives(data: Path) -> None:
    with embedded.start(data, durable=False, sandbox=False):
        place = cluster(data)
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        pid_file = place / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{place}\n1700000000\n5432\n\n127.0.0.1\n\nready   \n")
        (data / "run" / "postgres.pid").write_text(f"{stranger.pid} 1.0\n")
        with embedded.start(data, durable=False, sandbox=False) as services:
            assert setting(services, "server_version_num").startswith("18")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_data_of_another_version_is_refused_and_kept(data: Path) -> None:
    with embedded.start(data, durable=False, sandbox=False):
        place = cluster(data)
    (place / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedError, match="made by PostgreSQL 17, and this is PostgreSQL 18"):
        embedded.start(data, durable=False, sandbox=False)
    assert (place / "PG_VERSION").read_text() == "17\n"
    (place / "PG_VERSION").write_text("18\n")
    embedded.start(data, durable=False, sandbox=False).stop()  # the refusal has freed the folder


def test_a_start_outside_the_main_thread_is_refused_and_leaves_nothing(data: Path) -> None:
    refusals: list[str] = []

    def start() -> None:
        try:
            embedded.start(data, durable=False, sandbox=False)
        except embedded.EmbeddedError as error:
            refusals.append(str(error))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refusals == ["postgres must be started from the main thread."]
    with embedded.start(data, durable=False, sandbox=False) as services:
        assert services.environ() == {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}


def test_two_folders_run_beside_each_other(hold: Callable[[], Holder], data: Path) -> None:
    holder = hold()
    with embedded.start(data / "other", durable=False, sandbox=False) as services:
        assert services.database_url != holder.environ["DATABASE_URL"]
        assert setting(services, "server_version_num").startswith("18")
