"""Every page as its readers get it, kept and given to a browser again: what it looks like needs no server behind it."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.access.routes import routes
from tests.access.table import OPEN, PAGES, rights_of_route
from tests.access.world import World

# Not of our making, or shown to nobody but a developer.
NOT_OURS = ("api/", "mail/")


@dataclass(frozen=True)
class Answer:
    """What a route gave to a GET; `route` as the table names it."""

    route: str
    status: int
    kind: str
    body: bytes

    @property
    def is_page(self) -> bool:
        """A whole document, rather than a part of one, a file or a chart's data."""
        return self.kind.startswith("text/html") and self.body.lstrip()[:9].lower() == b"<!doctype"


def answers(world: World) -> dict[str, Answer]:
    """By path: each page of the table for the owner, who is offered the most, and each open one for nobody.

    Of the open pages that answer with an error only the first of each status is kept: they are one page.
    """
    found: dict[str, Answer] = {}
    asked = [(name, world.client(world.owner), world.owners_ids) for name in PAGES if _is_read(name)]
    asked += [(name, Client(), {}) for name in OPEN if not name.startswith(NOT_OURS)]
    for count, (name, client, ids) in enumerate(asked):
        if count % 50 == 0:
            cache.clear()  # more routes than a minute's requests
        for path in routes()[name].paths(ids):
            answer = client.get(path)
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            kept = Answer(name, answer.status_code, answer.get("Content-Type", ""), body)
            is_known = any(other.status == kept.status for other in found.values())
            if kept.status == 200 or (kept.is_page and kept.status >= 400 and not is_known):
                found[path] = kept
    return found


def _is_read(name: str) -> bool:
    return name in routes() and "GET" in rights_of_route(name, is_api=False)


@contextmanager
def served(found: dict[str, Answer], extra: dict[str, bytes] | None = None) -> Iterator[str]:
    """The address of a server of these answers, of the static files and of further scripts by name.

    Scripts and styles may be kept by the browser, as in the product; query strings are not looked at.
    """
    scripts = extra or {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            status, kind, body = 404, "text/plain", b""
            if path in scripts:
                status, kind, body = 200, "text/javascript", scripts[path]
            elif path.startswith(settings.STATIC_URL):
                file = settings.BASE_DIR / "static" / path.removeprefix(settings.STATIC_URL)
                if file.is_file():
                    status, body = 200, file.read_bytes()
                    kind = mimetypes.guess_type(path)[0] or kind
            elif path in found:
                status, kind, body = 200, found[path].kind, found[path].body
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if path not in found:
                self.send_header("Cache-Control", "max-age=600")
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
