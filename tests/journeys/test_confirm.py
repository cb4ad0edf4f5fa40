"""Forms on a page that is written anew while they are pressed, asked about or filled in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.conftest import PATIENCE_MS, ROOT

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><head><script src="/static/dist/app.js" defer></script></head>
<body data-made="1000" data-icons="/icons.svg"><div id="acts"><form method="post" action="/stop/" data-confirm="Stop the bot?">
<input type="hidden" name="flatten" value="1"><button name="why" value="asked">Stop</button></form></div>
<form method="post" action="/many/"><span data-chosen-count>3 chosen</span><button data-confirm="Pause them?">Pause</button></form>
<div id="views"><details data-drop><summary>Save view</summary><form><input type="hidden" name="query" value="q=mac">
<label>Name<input name="name"></label><label><input type="checkbox" name="first">Opens first</label></form></details></div>
</body></html>"""

ANEW = """<div id="acts" hx-swap-oob="true"><button data-dialog-open="none">Another</button></div>
<div id="views" hx-swap-oob="true"><details data-drop><summary>Save view</summary><form><input type="hidden" name="query" value="q=macd">
<label>Name<input name="name"></label><label><input type="checkbox" name="first">Opens first</label></form></details></div>"""


def _answer(route: Route) -> None:
    path = ROOT / route.request.url.split("/", 3)[3].split("?")[0]
    if path.suffix == ".js":
        route.fulfill(path=path, content_type="text/javascript")
    elif path.name == "acts":
        route.fulfill(body=ANEW, content_type="text/html")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page.route("**/*", _answer)
    page.goto("http://confirm.example/")
    yield page
    page.close()


def test_what_was_confirmed_is_done_though_its_form_was_replaced(page: Page):
    page.get_by_role("button", name="Stop").click()
    page.evaluate("document.getElementById('acts').innerHTML += ''")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    assert sent.value.url == "http://confirm.example/stop/"
    assert sent.value.post_data == "flatten=1&why=asked"


def test_an_act_on_many_says_on_how_many(page: Page):
    page.get_by_role("button", name="Pause").click()
    dialog = page.get_by_role("dialog", name="Pause them?")
    expect(dialog.get_by_role("paragraph")).to_have_text(["3 chosen", "Pause them?"])
    with page.expect_request(lambda request: request.method == "POST") as sent:
        dialog.get_by_role("button", name="Pause").click()
    assert sent.value.url == "http://confirm.example/many/"


def test_a_button_is_not_replaced_while_it_is_pressed(page: Page):
    """Or the press would be lost: a click needs both ends on one button."""
    fetch = "htmx.ajax('GET', '/acts', { swap: 'none' })"
    page.get_by_role("button", name="Stop").hover()
    page.mouse.down()
    page.evaluate(fetch)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("button", name="Another")).to_be_visible()  # what came meanwhile is not lost


@pytest.mark.parametrize("is_pressed", [False, True])
def test_what_was_typed_in_a_menu_outlives_its_replacement(page: Page, is_pressed: bool):
    page.get_by_text("Save view").click()
    name = page.get_by_label("Name")
    name.fill("Mine")
    page.get_by_label("Opens first").check()
    name.focus()
    if is_pressed:
        name.hover()
        page.mouse.down()
    page.evaluate("htmx.ajax('GET', '/acts', { swap: 'none' })")
    page.mouse.up()
    expect(page.locator("#views input[name=query]")).to_have_value("q=macd")  # it was replaced
    expect(name).to_have_value("Mine")
    expect(name).to_be_focused()
    expect(page.get_by_label("Opens first")).to_be_checked()
