"""Journeys through the formulas room: writing with help, asking why, tests in the way, Pine, the library."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import choose_market, write_formula

CROSS = """fast = ema(close, 9)
slow = ema(close, 21)
long when crossover(fast, slow)
exit long when crossunder(fast, slow)
plot fast as "Fast"
plot rsi(close, 14) as "RSI"
"""
PINE = """//@version=5
strategy("Cross of averages", overlay=true)
fast = ta.ema(close, 9)
slow = ta.ema(close, 21)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
if ta.crossunder(fast, slow)
    strategy.close("L")
"""


def make_formula(page: Page, name: str, text: str) -> str:
    """A saved formula; returns its address."""
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill(name)
    write_formula(page, text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/formulas/[0-9a-f-]{36}/$"))
    return page.url


def test_the_editor_completes_a_call_and_says_which_argument_is_next(newcomer: Page):
    page = newcomer
    page.goto("/formulas/new/")
    page.locator(".cm-content").click()
    page.keyboard.type("fast = em", delay=30)
    chosen = page.locator(".cm-tooltip-autocomplete li[aria-selected]")
    expect(chosen).to_contain_text("ema(src, n)")
    page.wait_for_timeout(
        150
    )  # the list takes no key in its first moments, so that typing on accepts nothing
    page.keyboard.press("Enter")
    help_line = page.locator(".formula-hint-title strong")
    expect(help_line).to_have_text("src")
    page.keyboard.type("close, ", delay=30)
    expect(help_line).to_have_text("n")
    page.keyboard.type("9)", delay=30)
    page.keyboard.press("Enter")
    page.keyboard.type("long when close > fast", delay=10)
    page.keyboard.press("Escape")
    expect(page.locator("#id_text")).to_have_value("fast = ema(close, 9)\nlong when close > fast")
    expect(page.locator(".formula-status")).to_contain_text("No errors")
    expect(page.locator("[data-formula-facts]")).to_contain_text("8 bars")
    page.get_by_label("Name").fill("Typed")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-formula-facts]")).to_contain_text("8 bars")


def test_why_at_a_bar_that_is_clicked_on_the_chart(newcomer: Page):
    page = newcomer
    address = make_formula(page, "Cross", CROSS)
    page.goto(f"{address}explain/")
    canvas = page.locator("[data-why] .chart-canvas")
    expect(canvas.locator("canvas").first).to_be_visible()
    readout = page.locator("[data-why] .chart-readout")
    expect(readout).to_contain_text("RSI")
    panel = page.locator("#why-panel")
    first = panel.get_attribute("data-time")
    assert first
    box = canvas.bounding_box()
    assert box
    canvas.click(position={"x": box["width"] * 0.3, "y": 80})
    expect(panel).not_to_have_attribute("data-time", first)
    clicked = panel.get_attribute("data-time")
    assert clicked
    assert clicked < first
    expect(panel).to_contain_text(clicked[:10])
    expect(panel).to_contain_text("did not fire: fast")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    expect(panel).not_to_have_attribute("data-time", clicked)
    page.get_by_role("link", name="Next signal").click()
    expect(panel.locator(".verdict[data-held]")).to_have_count(1)
    shown = panel.get_attribute("data-time")
    assert shown
    expect(readout).to_contain_text(shown[:10])
    expect(page.locator("#why input[name=time]")).to_have_value(shown[:16])


def test_a_failing_test_stands_in_the_way_of_publishing_until_it_is_mended(newcomer: Page):
    page = newcomer
    address = make_formula(page, "Above", "long when close > 10")
    page.goto(f"{address}tests/new/")
    page.locator("#id_name").fill("fires at eleven")
    page.get_by_label("Bars").fill("9\n11")
    page.get_by_label("Expected signals").fill("0 long")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".differences")).to_contain_text("Missing: long at bar 0")
    expect(page.locator(".differences")).to_contain_text("Not expected: long at bar 1")
    page.goto(address)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("fires at eleven").first).to_be_visible()
    page.goto(f"{address}history/")
    expect(page.get_by_text("Nothing is published yet")).to_be_visible()
    page.goto(f"{address}tests/")
    page.get_by_role("link", name="fires at eleven").click()
    page.get_by_label("Expected signals").fill("1 long")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("All 1 tests pass")).to_be_visible()
    page.goto(f"{address}history/")
    page.get_by_role("button", name="Publish the draft").click()
    expect(page.get_by_text("Published as version 1.").first).to_be_visible()


def test_a_pine_script_becomes_a_formula_that_is_backtested(newcomer: Page):
    page = newcomer
    page.goto("/formulas/import/")
    page.get_by_label("Script").fill(PINE)
    page.get_by_role("button", name="Import").click()
    expect(page.locator(".import-lines li")).to_have_count(len(PINE.splitlines()))
    expect(page.locator(".import-lines [data-status=impossible]")).to_have_count(0)
    page.get_by_role("button", name="Create formula").click()
    expect(page.get_by_role("heading", name="Cross of averages")).to_be_visible()
    page.get_by_role("button", name="Backtest").click()
    choose_market(page, "AAPL")
    page.get_by_role("button", name="Run backtest").click()
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=60_000)


def test_a_template_is_one_click_away_from_its_report(newcomer: Page):
    page = newcomer
    page.goto("/formulas/library/")
    page.get_by_label("Search templates").type("golden", delay=30)
    expect(page.locator(".pick-list a")).to_have_count(1)
    page.locator(".pick-list a").click()
    expect(page.locator("figure svg")).to_be_visible()
    page.get_by_role("button", name="Backtest now").click()
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=60_000)
    expect(page.locator("#trades tbody tr").first).to_be_visible()
