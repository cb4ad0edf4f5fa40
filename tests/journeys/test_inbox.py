"""A notice comes to the open browser: the bell counts it, and its page shows how it was delivered."""

from __future__ import annotations

import re

import httpx
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Stack

TEST = "This is a test"


def test_a_test_rings_the_bell_and_shows_its_trace(visitor: Page):
    page = visitor
    page.goto("/accounts/login/")  # webhooks are part of the demo's plan
    page.get_by_label("E-mail").fill("demo@candlewright.example")
    page.get_by_label("Password").fill("candlewright-demo")
    page.locator("form").get_by_role("button", name=re.compile("log in|sign in", re.I)).first.click()
    expect(page).to_have_url(re.compile("/dashboard/"))
    page.goto("/settings/workspace/webhooks/new/")
    page.get_by_label("URL").fill("https://example.com/hook")
    page.get_by_role("button", name="Add endpoint").click()
    expect(page.locator(".copyable code").first).to_have_text(re.compile("^whsec_"))

    # another window is open: it hears of the test by itself. The demo's bots tell of themselves meanwhile, so that the
    # bell counts at least this one; what is about it is told by its own words
    inbox = page.context.new_page()
    inbox.goto("/inbox/")
    expect(inbox.locator("#bell[data-live-state=open]")).to_be_attached()
    row = inbox.locator(".inbox-row", has_text=TEST)
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Send a test").click()
    expect(row).to_have_attribute("data-unread", "")
    expect(inbox.locator(".bell-count")).to_have_text(re.compile("^[1-9]"))

    page.locator(".bell-button").click()
    notice = page.locator(".bell-menu .bell-notice", has_text=TEST)
    expect(notice).to_have_attribute("data-unread", "")
    notice.click()
    expect(page.get_by_role("heading", name=TEST)).to_be_visible()
    expect(row).not_to_have_attribute("data-unread", "")  # the page that shows it marks it as read
    page.locator(".bell-button").click()
    expect(notice).to_be_visible()
    expect(notice).not_to_have_attribute("data-unread", "")
    page.keyboard.press("Escape")

    expect(page.get_by_text("dry run").first).to_be_attached()  # the open page shows it by itself
    page.get_by_text("What would have been sent").click()
    expect(page.get_by_text("notifications.contact.tested").first).to_be_visible()


def test_a_posted_alert_comes_to_the_inbox_once(newcomer: Page, stack: Stack):
    page = newcomer
    page.goto("/signals/sources/new/")
    page.get_by_label("Name").fill("TradingView")
    page.get_by_role("button", name="Make source").click()
    path = "/hooks/" + page.locator(".copyable code").first.inner_text().split("/hooks/")[1].strip()
    page.goto("/signals/alarms/new/")
    page.get_by_label("Name").fill("Apple above 180")
    page.get_by_label("Condition").fill("price > 180")
    page.get_by_role("button", name="Make alarm").click()
    expect(page.get_by_role("heading", name="Apple above 180")).to_be_visible()
    expect(page.locator("#bell[data-live-state=open]")).to_be_attached()
    expect(page.locator(".bell-count")).to_have_text("0")
    below = {"id": "low", "symbol": "NASDAQ:AAPL", "action": "buy", "price": 179.5}
    above = {"id": "high", "symbol": "NASDAQ:AAPL", "action": "buy", "price": 189.5}
    for alert in (below, above, above, above):
        assert httpx.post(stack.url + path, json=alert, timeout=30).status_code == 202
    expect(page.locator(".bell-count")).to_have_text("1")
    page.locator(".bell-button").click()
    page.locator(".bell-menu").get_by_text("Buy NASDAQ:AAPL").click()
    expect(page.get_by_role("heading", name="Buy NASDAQ:AAPL")).to_be_visible()
    expect(page.get_by_text("189.5").first).to_be_visible()
    page.get_by_role("link", name="Open the signal").click()
    expect(page).to_have_url(re.compile(r"/signals/[0-9a-f-]{36}/"))
    page.goto("/inbox/")
    expect(page.get_by_text("Buy NASDAQ:AAPL")).to_have_count(1)
