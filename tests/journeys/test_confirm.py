"""A form that asks first, on a page that is written anew while the question stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route

from tests.journeys.conftest import PATIENCE_MS, ROOT

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><script src="/static/dist/app.js" defer></script></head>
<body data-made="1000" data-icons="/icons.svg"><div id="acts"><form method="post" action="/stop/" data-confirm="Stop the bot?">
<input type="hidden" name="flatten" value="1"><button name="why" value="asked">Stop</button></form></div>
<form method="post" action="/many/"><span data-chosen-count>3 chosen</span><button data-confirm="Pause them?">Pause</button></form>
</body></html>"""


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


def test_an_act_on_many_says_on_how_many(chromium: Browser):
    page = chromium.new_page()
    page.set_default_timeout(15_000)
    page.route("**/*", _answer)
    page.goto("http://confirm.example/")
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause them?")
    assert [words.strip() for words in dialog.get_by_role("paragraph").all_inner_texts()] == [
        "3 chosen",
        "Pause them?",
    ]
    with page.expect_request(lambda request: request.method == "POST") as sent:
        dialog.get_by_role("button", name="Pause").click()
    assert sent.value.url == "http://confirm.example/many/"
