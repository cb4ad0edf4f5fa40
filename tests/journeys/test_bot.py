"""A newcomer's bot, from a published formula to a closed position, while its feed plays."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Stack, write_formula

# in and out every few bars, so that something happens soon
RESTLESS = """long when close > close[1]
exit long when close < close[2]
"""


@pytest.fixture
def playing(stack: Stack) -> Iterator[None]:
    """The process that brings bars, for as long as the test takes."""
    stack.start("feed")
    yield
    stack.end("feed")


def test_deploy_watch_pause_stop_and_close(playing: None, newcomer: Page):
    page = newcomer
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill("Restless")
    write_formula(page, RESTLESS)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/formulas/[0-9a-f-]{36}/$"))
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("link", name="Bot", exact=True)).to_be_visible()
    page.get_by_role("link", name="Bot", exact=True).click()
    feed = page.get_by_label("Feed")
    feed.select_option(label=feed.locator("option", has_text="AAPL").first.inner_text())
    page.get_by_role("button", name="Make and deploy").click()
    expect(page).to_have_url(re.compile(r"/bots/[0-9a-f-]{36}/$"))
    bot = page.url

    # decisions and a fill appear without a reload
    journal = page.locator("#bot-entries")
    expect(journal).to_contain_text("asks to go long", timeout=90_000)
    expect(journal).to_contain_text("entry", timeout=90_000)
    expect(page.locator("[data-chart=price] canvas").first).to_be_visible()
    expect(
        page.locator("#bot-now .badge[data-tone=long]").or_(journal.get_by_text("sell")).first
    ).to_be_visible()
    journal.locator("a.row-link").first.click()
    expect(page.get_by_role("heading", name="What came of it")).to_be_visible()
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    page.goto("/trading/orders/")
    expect(page.locator("#list")).to_contain_text("Restless")

    # paused with a reason
    page.goto(bot)
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_label("Why").fill("Off for lunch")
    page.get_by_role("button", name="Pause bot").click()
    expect(page.locator("#bot-now")).to_contain_text("Off for lunch")
    expect(page.locator("#bot-life")).to_contain_text("Off for lunch")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#bot-lead")).to_contain_text("Running")

    # a menu stays open while bars come
    menu, bars = page.locator("#bot-acts details"), page.locator("#bot-now .stat-cell", has_text="Bars seen")
    menu.locator("summary").click()
    expect(bars).not_to_have_text(bars.inner_text(), timeout=90_000)
    expect(menu).to_have_attribute("open", "")
    menu.locator("summary").click()

    # the kill switch lets nothing new through, and the bot can still be closed
    page.goto("/trading/switches/")
    page.get_by_label("Why").fill("Enough for today")
    page.get_by_role("button", name="Stop now").click()
    expect(page.locator("#switches-on")).to_contain_text("Enough for today")
    page.goto(bot)
    expect(page.locator("#bot-lead")).to_contain_text("Paused", timeout=90_000)  # by the switch
    page.get_by_role("button", name=re.compile("^(Close and stop|Stop)$")).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^(Close and stop|Stop)$")).click()
    expect(page.locator("#bot-lead")).to_contain_text("Stopped")
    expect(page.locator("#bot-now .stat-cell", has_text="Position")).to_contain_text("flat", timeout=90_000)
    page.goto("/portfolio/")
    expect(page.locator("#portfolio-lines")).to_contain_text("Nothing is held at the moment")
