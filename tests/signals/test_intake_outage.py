"""What the intake says while PostgreSQL is away, and after."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from pathlib import Path

import httpx
import pytest
from django.db import connection

from apps.signals.models import Alert, AlertSource
from tests.signals.conftest import ALERT, address_of_database, free_port, start_intake

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_listening_is_503_in_time(source: tuple[AlertSource, str], tmp_path: Path):
    """Within the 3 s that TradingView waits; it resends only what was answered."""
    nobody = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    running = start_intake(nobody, tmp_path / "log.txt")
    try:
        for _ in range(2):
            started = time.monotonic()
            response = httpx.post(f"{running.url}/hooks/tradingview/{source[1]}/", json=ALERT, timeout=10)
            assert time.monotonic() - started < 3
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0
            assert response.json()["code"] == "not_stored"
    finally:
        running.stop()


class Relay:
    """A TCP relay to PostgreSQL that can be cut and mended, as a network is."""

    def __init__(self) -> None:
        self.port = free_port()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        parts = connection.settings_dict
        there_reader, there_writer = await asyncio.open_connection(parts["HOST"], int(parts["PORT"]))
        self._writers |= {writer, there_writer}
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def test_an_outage_loses_and_doubles_nothing(source: tuple[AlertSource, str], tmp_path: Path):
    """Every alert is resent until it gets a 202, through two cuts of the line: each is stored exactly once."""
    database = address_of_database()
    here = connection.settings_dict
    sent = [{**ALERT, "id": f"outage-{number}"} for number in range(60)]
    answers: list[int] = []

    async def deliver(client: httpx.AsyncClient, where: str, body: dict[str, object]) -> None:
        for _ in range(60):
            response = await client.post(where, json=body)
            answers.append(response.status_code)
            if response.status_code == 202:
                return
            await asyncio.sleep(0.2)

    async def play() -> None:
        relay = Relay()
        await relay.mend()
        url = database.replace(f":{here['PORT']}/", f":{relay.port}/")
        running = await asyncio.to_thread(start_intake, url, tmp_path / "log.txt")
        where = f"{running.url}/hooks/tradingview/{source[1]}/"
        async with httpx.AsyncClient(timeout=20) as client:
            await deliver(client, where, sent[0])
            tasks = []
            for number, body in enumerate(sent[1:]):
                tasks.append(asyncio.create_task(deliver(client, where, body)))
                await asyncio.sleep(0.02)
                if number in (15, 35):
                    await relay.cut()
                if number in (25, 45):
                    await relay.mend()
            await asyncio.gather(*tasks)
        await asyncio.to_thread(running.stop)
        await relay.cut()

    asyncio.run(play())
    assert set(answers) == {202, 503}
    stored = [json.loads(bytes(alert.body))["id"] for alert in Alert.objects.all()]
    assert sorted(stored) == sorted(str(body["id"]) for body in sent)


def test_shutdown_answers_what_was_taken_in(source: tuple[AlertSource, str], tmp_path: Path):
    """SIGTERM in the middle of a burst: whoever got a 202 is stored, whoever is stored got it or can resend."""
    running = start_intake(address_of_database(), tmp_path / "log.txt")
    where = f"{running.url}/hooks/tradingview/{source[1]}/"

    async def burst() -> list[object]:
        async with httpx.AsyncClient(timeout=20, limits=httpx.Limits(max_connections=50)) as client:
            sends = [
                asyncio.create_task(client.post(where, json={**ALERT, "id": number})) for number in range(200)
            ]
            await asyncio.sleep(0.2)
            running.process.terminate()
            return await asyncio.gather(*sends, return_exceptions=True)

    answers = asyncio.run(burst())
    running.wait_for_end()
    accepted = {answer.json()["id"] for answer in answers if isinstance(answer, httpx.Response)}
    assert accepted <= {str(alert.uuid) for alert in Alert.objects.all()}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(running.url.rsplit(":", 1)[1]))) != 0
