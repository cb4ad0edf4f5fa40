"""The embedded servers: started once, found again, intact after a kill."""

from __future__ import annotations

import os
import signal
import time

import psycopg
import pytest
import redis

from tests.deploy.conftest import Installation


def test_data_survives_a_kill_of_both_servers(installation: Installation):
    first = installation.servers()
    with psycopg.connect(first["DATABASE_URL"], autocommit=True) as database:
        database.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server_version = database.execute("SHOW server_version").fetchone()
        collation = database.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    client = redis.Redis.from_url(first["REDIS_URL"])
    client.rpush("queue", "job")
    assert client.execute_command("WAITAOF", 1, 0, 5000)[0] == 1
    valkey_pid = client.info("server")["process_id"]
    postgres_pid = int((installation.var / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    os.kill(postgres_pid, signal.SIGKILL)
    os.kill(valkey_pid, signal.SIGKILL)
    wait_gone(postgres_pid)
    wait_gone(valkey_pid)
    second = installation.servers()

    with psycopg.connect(second["DATABASE_URL"]) as database:
        assert database.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.Redis.from_url(second["REDIS_URL"]).lrange("queue", 0, -1) == [b"job"]
    assert str(server_version[0]).startswith("18."), "the embedded server runs, not the machine's own"
    assert collation == ("b", "C.UTF-8")
    assert second["SECRET_KEY"] == first["SECRET_KEY"]
    assert second["FIELD_KEYS"] == first["FIELD_KEYS"]


def test_running_servers_are_found_again(installation: Installation):
    first = installation.servers()
    assert installation.servers() == first


def test_a_stranger_without_the_password_is_kept_out(installation: Installation):
    exported = installation.servers()
    place = psycopg.conninfo.conninfo_to_dict(exported["DATABASE_URL"])
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**{**place, "password": "guessed"})
    for name in ("secret_key", "field_keys"):
        assert oct((installation.var / name).stat().st_mode & 0o777) == "0o600", name


def test_a_wrong_database_url_is_named_without_its_password(installation: Installation):
    done = installation.call("up", DATABASE_URL="postgres://me:hidden@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "DATABASE_URL is set, but PostgreSQL does not answer at 127.0.0.1:1" in done.stderr
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")
