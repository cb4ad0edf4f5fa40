"""From a stranger to a bot on paper: at most six presses and two minutes, measured; and a look without an account."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Stack

PRESSES, SECONDS = 6, 120


@pytest.fixture
def feed(stack: Stack) -> Iterator[None]:
    """The process that brings bars, with its first one."""
    stack.start("feed")
    with psycopg.connect(stack.env["DATABASE_URL"], autocommit=True) as connection:
        for _ in range(600):
            if connection.execute("SELECT 1 FROM markets_feed WHERE state = 'running'").fetchone():
                break
            time.sleep(0.2)
        else:
            raise AssertionError("no feed runs")
    yield
    stack.end("feed")


def test_a_stranger_has_a_bot_on_paper_in_two_minutes(visitor: Page, feed: None):
    page = visitor
    page.add_init_script(
        "addEventListener('click', (e) => e.isTrusted && sessionStorage.setItem('presses', 1 + Number(sessionStorage.getItem('presses'))), true)"
    )
    began = time.monotonic()
    page.goto("/")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("E-mail").fill(f"{uuid.uuid4().hex[:10]}@example.com")
    page.get_by_label("Password").fill("a-long-enough-secret")
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("button", name="Backtest Moving-average cross").click()
    page.get_by_role("button", name="Run it on paper").click(timeout=SECONDS * 1000)
    expect(page.locator(".first-next[data-tone=done]")).to_be_visible()
    took = time.monotonic() - began
    presses = int(page.evaluate("sessionStorage.getItem('presses')"))
    # those into the two fields would be two more for who does not press Tab
    assert presses == 4
    assert presses + 2 <= PRESSES
    assert took < SECONDS
    page.get_by_role("link", name="Open the bot").click()
    expect(page).to_have_url(re.compile(r"/bots/[0-9a-f-]{36}/"))


def test_a_look_without_an_account(visitor: Page):
    page = visitor
    page.goto("/")
    expect(page.locator(".landing-picture svg.fp")).to_be_visible()
    page.get_by_role("button", name="Explore the demo").click()
    expect(page.get_by_text("You are looking at the demo")).to_be_visible()
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible()
    expect(page.locator("main [data-live-state=open]").first).to_be_attached()
    page.locator(".rail").get_by_role("link", name="Backtests").click()
    page.get_by_role("link", name="UT Bot").first.click()
    expect(page.locator("[data-chart=price] canvas").first).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("button", name="Explore the demo")).to_be_visible()
