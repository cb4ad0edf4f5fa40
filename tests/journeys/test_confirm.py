"""A form that asks first, on a page that is written anew while the question stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route

from tests.journeys.conftest import PATIENCE_MS, ROOT

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><script src="/static/dist/app.js" defer></script></head>
<body data-made="1000" data-icons="/icons.svg"><div id="acts"><form method="post" action="/stop/" data-confirm="Stop the bot?">
<input type="hidden" name="flatten" value="1"><button name="why" value="asked">Stop</button></form></div></body></html>"""


def _answer(route: Route) -> None:
    path = ROOT / route.request.url.split("/", 3)[3].split("?")[0]
    if path.suffix == ".js":
        route.fulfill(path=path, content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


def test_what_was_confirmed_is_done_though_its_form_was_replaced(chromium: Browser):
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.route("**/*", _answer)
    page.goto("http://confirm.example/")
    page.get_by_role("button", name="Stop").click()
    page.evaluate("document.getElementById('acts').innerHTML += ''")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    assert sent.value.url == "http://confirm.example/stop/"
    assert sent.value.post_data == "flatten=1&why=asked"
