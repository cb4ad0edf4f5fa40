"""The server's handler: a request in one thread, whose connection stays for the next one."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from apps.core.asgi import ThreadedHandler

seen = []


def plain(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        seen.append((threading.get_ident(), cursor.fetchone()[0]))
    return HttpResponse(request.body or b"nothing", headers={"X-Method": request.method})


def streamed(request):
    return StreamingHttpResponse(iter([b"one ", b"two"]))


def file(request):
    return FileResponse(open(__file__, "rb"))


def broken(request):
    raise ValueError("a fault in a view")


urlpatterns = [path("plain", plain), path("streamed", streamed), path("file", file), path("broken", broken)]


@pytest.fixture
def ask():
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        handler = ThreadedHandler(threads=1)

        def ask(address: str, body: bytes = b"", method: str = "GET", hang_up: bool = False):
            async def run():
                news = [{"type": "http.disconnect"}] if hang_up else [{"type": "http.request", "body": body}]
                sent = []

                async def receive():
                    return news.pop(0)

                async def send(message):
                    sent.append(message)

                scope = {"type": "http", "method": method, "path": address, "query_string": b"",
                         "headers": [(b"host", b"localhost")]}  # fmt: skip
                await handler(scope, receive, send)
                return sent

            sent = asyncio.run(run())
            return sent and (sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]))

        yield ask
        handler._threads.submit(lambda: connection.close()).result()


@pytest.mark.django_db(transaction=True)
def test_requests_share_a_thread_and_its_connection(ask):
    seen.clear()
    assert ask("/plain") == (200, b"nothing")
    assert ask("/plain", b"a body", "POST") == (200, b"a body")
    assert len(set(seen)) == 1
    assert seen[0][0] != threading.get_ident()


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_streams_and_files_are_sent_whole(ask):
    assert ask("/streamed") == (200, b"one two")
    status, content = ask("/file")
    assert (status, content) == (200, Path(__file__).read_bytes())


def test_faults_and_missing_pages_are_answered(ask):
    assert ask("/broken")[0] == 500
    assert ask("/none")[0] == 404
    assert ask("/plain", hang_up=True) == []
