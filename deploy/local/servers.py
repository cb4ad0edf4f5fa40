"""The two servers of one machine, embedded or given by DATABASE_URL and REDIS_URL, and the environment they make."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import redis
from dotenv import dotenv_values

from deploy.local.errors import LocalError
from deploy.local.paths import BIN, LOCAL_ENV, ROOT, VAR
from deploy.local.postgres import DURABLE, THROW_AWAY, PostgresCluster
from deploy.local.say import say
from deploy.local.valkey import ValkeyServer

DATABASE = "candlewright"


@dataclass
class Servers:
    """PostgreSQL and Redis of one purpose; None stands for a server that runs elsewhere."""

    postgres: PostgresCluster | None
    valkey: ValkeyServer | None
    given: dict[str, str]

    def start(self) -> None:
        """Start what is embedded, check what is not. Raises LocalError when one cannot be reached."""
        if self.valkey:
            self.valkey.start()
        else:
            check_redis(self.given["REDIS_URL"])
        if self.postgres:
            self.postgres.start()
        else:
            check_postgres(self.given["DATABASE_URL"])

    def stop(self) -> None:
        if self.valkey:
            self.valkey.stop()
        if self.postgres:
            self.postgres.stop()

    def running(self) -> bool:
        return bool((self.postgres and self.postgres.port()) or (self.valkey and self.valkey.port()))

    def addresses(self, database: str = DATABASE, redis_database: int = 0) -> dict[str, str]:
        """DATABASE_URL and REDIS_URL; an embedded database is created when it is not there."""
        if self.postgres:
            self.postgres.ensure_database(database)
        return {
            "DATABASE_URL": self.postgres.url(database) if self.postgres else self.given["DATABASE_URL"],
            "REDIS_URL": self.valkey.url(redis_database) if self.valkey else self.given["REDIS_URL"],
        }


def given_environment() -> dict[str, str]:
    """The process's environment over the project's `.env` file, which Django's settings read too."""
    values = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value is not None}
    return values | dict(os.environ)


def local_servers() -> Servers:
    """The servers that hold a person's data."""
    given = given_environment()
    return Servers(
        postgres=None if given.get("DATABASE_URL") else PostgresCluster("postgres", 54329, dict(DURABLE)),
        valkey=None if given.get("REDIS_URL") else ValkeyServer("valkey", 63799),
        given=given,
    )


def test_servers() -> Servers:
    """The servers of the tests: separate data, nothing durable."""
    given = dict(os.environ)
    return Servers(
        postgres=None
        if given.get("DATABASE_URL")
        else PostgresCluster("test-postgres", 54339, dict(THROW_AWAY)),
        valkey=None if given.get("REDIS_URL") else ValkeyServer("test-valkey", 63899, durable=False),
        given=given,
    )


ROOT_WORKER_WARNING = "ignore:You're running the worker with superuser privileges"


def child_environment(
    given: Mapping[str, str], addresses: Mapping[str, str], settings: str
) -> dict[str, str]:
    """What a process of the project needs: the addresses, the settings module, the environment's own programs."""
    path = f"{BIN}{os.pathsep}{given.get('PATH', os.defpath)}"
    return {
        **given,
        **addresses,
        "DJANGO_SETTINGS_MODULE": settings,
        "SECRET_KEY": given.get("SECRET_KEY") or secret_key(),
        "FIELD_KEYS": given.get("FIELD_KEYS") or field_keys(),
        "PATH": path,
        "PYTHONUNBUFFERED": "1",
        # Celery's page of advice to every start as root; a container or a small machine has no other account.
        "PYTHONWARNINGS": given.get("PYTHONWARNINGS", ROOT_WORKER_WARNING),
    }


def secret_key() -> str:
    """The key of this machine, made once and kept in `var/secret_key`."""
    return kept_secret("secret_key", secrets.token_urlsafe(48))


def field_keys() -> str:
    """The keys of this machine's encrypted fields, made once and kept in `var/field_keys`."""
    return kept_secret("field_keys", f"local:{base64.b64encode(secrets.token_bytes(32)).decode()}")


def kept_secret(name: str, fresh: str) -> str:
    """What `var/<name>` holds, which only its owner reads; `fresh` is written there when there is no such file."""
    path = VAR / name
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(fresh + "\n")
    return path.read_text().strip()


def write_local_env(addresses: Mapping[str, str]) -> None:
    """Keep the addresses for `manage.py` in another terminal (Django's development settings read the file)."""
    LOCAL_ENV.touch(mode=0o600)
    values = {**addresses, "SECRET_KEY": secret_key(), "FIELD_KEYS": field_keys()}
    LOCAL_ENV.write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def check_postgres(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            major = connection.info.server_version // 10000
    except psycopg.Error as problem:
        raise LocalError(
            f"DATABASE_URL is set, but PostgreSQL does not answer at {place(url)}: {problem}"
        ) from None
    if major < 15:
        raise LocalError(f"DATABASE_URL names PostgreSQL {major}; version 15 or newer is needed.")
    say(f"PostgreSQL {major} at {place(url)} (DATABASE_URL)")


def check_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=10) as client:
            client.ping()
    except (redis.RedisError, ValueError) as problem:
        raise LocalError(f"REDIS_URL is set, but Redis does not answer at {place(url)}: {problem}") from None
    say(f"Redis at {place(url)} (REDIS_URL)")


def place(url: str) -> str:
    """Host and port of an address, without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'a local socket'}{f':{parts.port}' if parts.port else ''}"
