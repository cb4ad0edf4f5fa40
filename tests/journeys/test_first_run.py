"""The newcomer's journey: sign up, paste a formula, run it on AAPL, see the curve and the trades."""

from __future__ import annotations

import re

import httpx
import psycopg
from playwright.sync_api import Page, expect

from apps.formulas.library import templates
from tests.journeys.conftest import Stack, choose_market, write_formula


def assert_one_request(stack: Stack, backtest: str) -> None:
    """What the worker did for a click bears the request id of that click, in another process."""
    query = """
        SELECT e.action, e.request_id FROM journal_entry e JOIN backtests_backtest b ON b.id = e.target_id
        WHERE b.uuid = %s AND e.target_type = 'backtests.backtest' ORDER BY e.id
    """
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        entries = connection.execute(query, [backtest]).fetchall()
    assert [action for action, _ in entries] == [
        "backtests.backtest.submitted",
        "backtests.backtest.finished",
    ]
    assert entries[0][1]
    assert entries[0][1] == entries[1][1]


def test_sign_up_paste_run_and_see(newcomer: Page, stack: Stack):
    page = newcomer
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill("My first formula")
    write_formula(page, templates()[0].text)
    page.get_by_role("button", name="Backtest").click()
    choose_market(page, "AAPL")
    page.get_by_role("button", name="Run backtest").click()
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=60_000)
    expect(page.locator("[data-chart=price] canvas").first).to_be_visible()
    rows = page.locator("#trades tbody tr")
    expect(rows.nth(5)).to_be_visible()
    first = rows.first.inner_text()
    page.locator("#trades th").get_by_text("P&L").click()
    expect(rows.first).not_to_have_text(first)
    page.get_by_role("tab", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Trades as CSV").click()
    header = download.value.path().read_text().splitlines()[0]
    assert header.startswith("side,entry_time,entry_price")
    assert_one_request(stack, page.url.partition("#")[0].rstrip("/").rsplit("/", 1)[1])


def test_errors_show_where_they_are_and_nothing_typed_is_lost(newcomer: Page):
    page = newcomer
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill("Broken")
    write_formula(page, "a = smaa(close, 3)\nlong when close > b\nexit long when rsi(close)\n")
    expect(page.locator(".formula-problems button")).to_have_count(3)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("smaa(close, 3)")
    expect(page.locator(".formula-problems button")).to_have_count(3)


def test_alert_arrives_in_the_open_feed(newcomer: Page, stack: Stack):
    page = newcomer
    page.goto("/signals/sources/new/")
    page.get_by_label("Name").fill("My chart")
    page.get_by_role("button", name="Make source").click()
    address = page.locator(".copyable code").first.inner_text()
    path = "/hooks/" + address.split("/hooks/")[1].strip()
    page.goto("/signals/")
    expect(page.locator("main [data-live-state=open]").first).to_be_attached()
    alert = {"symbol": "BTCUSDT", "timeframe": "1h", "action": "buy", "price": 45000.5, "id": "t-1"}
    for _ in range(3):
        assert httpx.post(stack.url + path, json=alert, timeout=30).status_code == 202
    expect(page.get_by_text("BTCUSDT").first).to_be_visible()
    page.reload()
    expect(page.locator("#list tbody tr")).to_have_count(1)


def test_run_survives_a_killed_worker(newcomer: Page, stack: Stack):
    stack.kill("worker")
    page = newcomer
    page.goto("/formulas/new/?template=rsi-reversal")
    page.get_by_role("button", name="Backtest").click()
    choose_market(page, "MSFT")
    page.get_by_role("button", name="Run backtest").click()
    expect(page.get_by_text("Queued").first).to_be_visible()
    stack.start("worker")
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=120_000)
