"""The yardstick of the intake: an ASGI application that does one durable insert per request and nothing else."""

from __future__ import annotations

import os
from typing import Any

from psycopg_pool import AsyncConnectionPool

TABLE = (
    "CREATE TABLE IF NOT EXISTS bench_bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea)"
)
_pool: AsyncConnectionPool | None = None


async def application(scope: Any, receive: Any, send: Any) -> None:
    global _pool
    if scope["type"] == "lifespan":
        await receive()
        _pool = AsyncConnectionPool(
            os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False, kwargs={"autocommit": True}
        )
        await _pool.open(wait=True)
        async with _pool.connection() as connection:
            await connection.execute(TABLE)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _pool.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert _pool is not None
    body = (await receive())["body"]
    async with _pool.connection(timeout=60) as connection:
        await connection.execute("INSERT INTO bench_bare (body) VALUES (%s)", [body])
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})
