"""A page's line in the browser, against a server that is played here: it goes on where it was cut, and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.journeys.conftest import PATIENCE_MS, ROOT

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><script src="/static/dist/app.js" defer></script></head>
<body data-made="1000" data-icons="/icons.svg">
<div id="one" data-live="/ws/one/"><b data-live-field="n"></b></div>
<div id="two" data-live="/ws/two/"></div>
<div id="gone" data-live="/ws/gone/"></div>
<div data-live="/ws/one/"><p hx-get="/fetched" hx-trigger="live:n from:closest [data-live] throttle:3s, live:settled from:closest [data-live]" hx-swap="none"></p></div>
<div id="connection-bar" role="status" hidden><span>Connection lost.</span><button type="button">Try now</button></div>
</body></html>"""
HEARD = """window.heard = [];
for (const name of ["one", "two", "gone"]) for (const kind of ["n", "resync"])
  document.getElementById(name).addEventListener(`live:${kind}`, ({ detail }) => heard.push([name, kind, detail.n ?? null]));"""


class Server:
    """Each connection of the page, and what it said on it."""

    def __init__(self) -> None:
        self.lines: list[WebSocketRoute] = []
        self.said: list[list[Any]] = []
        self.is_up = True

    def connect(self, line: WebSocketRoute) -> None:
        if not self.is_up:
            line.close(code=1012)
            return
        said: list[Any] = []
        self.lines.append(line)
        self.said.append(said)
        line.on_message(lambda text: said.append(json.loads(text)))
        self.send(kind="open")

    def send(self, **message: Any) -> None:
        self.lines[-1].send(json.dumps(message))

    def event(self, stream: str, id: str, number: int) -> None:
        self.send(stream=stream, id=id, event={"kind": "n", "n": number})


def _file(route: Route) -> None:
    path = ROOT / route.request.url.split("/", 3)[3].split("?")[0]
    if path.suffix == ".js":
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def opened(chromium: Browser) -> tuple[Page, Server]:
    assert Path(ROOT / "static/dist/app.js").exists()
    page, server = chromium.new_page(), Server()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.add_init_script(f'addEventListener("DOMContentLoaded", () => {{ {HEARD} }})')
    page.route("**/*", _file)
    page.route_web_socket("**/ws/", server.connect)
    page.goto("http://line.example/")
    return page, server


def _until(page: Page, server: Server, number: int) -> list[Any]:
    """What was said on the newest line, once it is so much."""
    for _ in range(PATIENCE_MS // 10):
        if len(server.said[-1]) >= number:
            return server.said[-1]
        page.wait_for_timeout(10)
    raise AssertionError(f"it said only {server.said[-1]}")


def test_a_line_that_was_cut_goes_on_where_it_was(opened):
    page, server = opened
    asked = _until(page, server, 3)
    assert [(each["kind"], each["path"]) for each in asked] == [
        ("subscribe", "/ws/one/"), ("subscribe", "/ws/two/"), ("subscribe", "/ws/gone/"),
    ]  # fmt: skip
    assert all(each["since"] == 1_000_000 and "after" not in each for each in asked), "when the page was made"
    server.send(kind="ready", path="/ws/one/", at={"a": "r.5-0", "b": "r.7-0"}, resync=False)
    server.send(kind="ready", path="/ws/two/", at={"b": "r.7-0"}, resync=True)
    server.send(kind="refused", path="/ws/gone/", code=4404)
    server.event("a", "r.9-0", 1)
    server.event("a", "r.10-0", 2)  # later than 9, as a number
    server.event("a", "r.9-5", 3)  # heard already
    server.event("b", "r.10-1", 4)
    server.event("nobody", "r.11-0", 5)
    expect(page.locator("#one")).to_have_attribute("data-live-state", "open")
    expect(page.locator("#gone")).to_have_attribute("data-live-state", "closed")
    expect(page.locator("#one b")).to_have_text("4")
    expected = [["two", "resync", None], ["one", "n", 1], ["one", "n", 2], ["one", "n", 4], ["two", "n", 4]]
    assert page.evaluate("heard") == expected

    server.is_up = False
    server.lines[-1].close(code=1012)
    expect(page.locator("#one")).to_have_attribute("data-live-state", "lost")
    expect(page.locator("#connection-bar")).to_be_visible()
    server.is_up = True
    # the line tries by itself as well, and hides the button when it comes first
    page.locator("#connection-bar button").dispatch_event("click")
    expect(page.locator("#connection-bar")).to_be_hidden()
    asked = _until(page, server, 2)
    assert asked == [
        {"kind": "subscribe", "path": "/ws/one/", "after": {"a": "r.10-0", "b": "r.10-1"}},
        {"kind": "subscribe", "path": "/ws/two/", "after": {"b": "r.10-1"}},
    ], "not for what was refused"
    server.send(kind="ready", path="/ws/one/", at={"a": "r.10-0", "b": "r.10-1"}, resync=False)
    server.event("a", "r.12-0", 6)
    server.event("a", "r.12-0", 6)
    server.send(kind="ready", path="/ws/two/", at={"b": "s.1-0"}, resync=True)
    server.event("b", "s.2-0", 7)  # another run of Redis begins anew
    expect(page.locator("#one b")).to_have_text("7")
    expected += [["one", "n", 6], ["two", "resync", None], ["one", "n", 7], ["two", "n", 7]]
    assert page.evaluate("heard") == expected

    page.evaluate(
        "document.getElementById('two').remove(); document.dispatchEvent(new Event('htmx:afterSettle'))"
    )
    assert _until(page, server, 3)[-1] == {"kind": "unsubscribe", "path": "/ws/two/"}


def test_what_a_throttle_drops_is_fetched_once_it_is_quiet(opened):
    page, server = opened
    _until(page, server, 3)
    fetched: list[str] = []
    page.on("request", lambda request: request.url.endswith("/fetched") and fetched.append(request.url))
    server.send(kind="ready", path="/ws/one/", at={"a": "r.1-0"}, resync=False)
    with page.expect_request("**/fetched"):
        server.event("a", "r.2-0", 1)
    expect(page.locator("#one b")).to_have_text("1")
    assert len(fetched) == 1
    with page.expect_request("**/fetched"):
        for number in range(2, 6):
            server.event("a", f"r.{number + 1}-0", number)
    expect(page.locator("#one b")).to_have_text("5")
    assert len(fetched) == 2, "the four of them together"


def test_whatever_is_throttled_looks_again_once_it_is_quiet():
    parts = [
        (path.name, found)
        for path in (ROOT / "templates").rglob("*.html")
        for found in re.findall(r'hx-trigger="([^"]*throttle:[^"]*)"', path.read_text())
    ]
    assert parts
    assert [part for part in parts if "live:settled" not in part[1]] == []
