"""From a formula's inputs to a heat map, and from a field of it to the backtest behind it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import write_formula

TEXT = (
    "input fast = 9 in 2..30\ninput slow = 21 in 10..80\n"
    "long when crossover(ema(close, fast), ema(close, slow))\n"
    "exit long when crossunder(ema(close, fast), ema(close, slow))\n"
)


def on_paper(page: Page) -> dict[str, Any]:
    """The page as it is printed, told by its styles: a sheet's width, and what stands on it."""
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    found: dict[str, Any] = page.evaluate(
        """() => {
          dispatchEvent(new Event("beforeprint"));
          const seen = (one) => one.checkVisibility();
          const tabs = [...document.querySelectorAll("nav[data-tabs] a")].map((tab) => tab.hash.slice(1));
          const pictures = [...document.querySelectorAll(".chart-paper")];
          const corner = (one) => [...one.getContext("2d").getImageData(one.width - 2, 2, 1, 1).data];
          const told = {
            hidden: tabs.filter((id) => !seen(document.getElementById(id))),
            tabs: tabs.length,
            pictures: pictures.filter(seen).length,
            canvases: [...document.querySelectorAll("[data-chart] .chart-canvas")].filter(seen).length,
            corners: pictures.map(corner),
            ink: getComputedStyle(document.querySelector("h1")).color,
            around: [...document.querySelectorAll(".rail, .topbar, .bottom-bar, .page-actions, .tabs-line")].filter(seen).length,
            width: Math.max(document.documentElement.scrollWidth, ...pictures.map((one) => one.getBoundingClientRect().right)),
          };
          dispatchEvent(new Event("afterprint"));
          return told;
        }"""
    )
    page.emulate_media()
    return found


def test_form_to_heat_map_to_backtest(visitor: Page):
    page = visitor
    page.goto("/accounts/login/")  # the demo's plan allows more than one run a day
    page.get_by_label("E-mail").fill("demo@candlewright.example")
    page.get_by_label("Password").fill("candlewright-demo")
    page.locator("form").get_by_role("button", name=re.compile("log in|sign in", re.I)).first.click()
    expect(page).to_have_url(re.compile("/dashboard/"))
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill("Two averages")
    write_formula(page, TEXT)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/formulas/[0-9a-f-]{36}/"))
    formula = re.search(r"[0-9a-f-]{36}", page.url)
    assert formula
    page.goto(f"/backtests/sweeps/new/{formula[0]}/")
    expect(page.locator("#sweep-count")).to_contain_text("270 cells")
    fast = page.locator("fieldset", has_text="fast")
    fast.get_by_label("From").fill("5")
    fast.get_by_label("To").fill("9")
    expect(page.locator("#sweep-count")).to_contain_text("54 cells")
    page.get_by_role("button", name="Run sweep").click()
    expect(page).to_have_url(re.compile(r"/backtests/sweeps/[0-9a-f-]{36}/"))
    map_ = page.locator("[data-heat]").first
    expect(map_.locator(".heat-readout")).to_contain_text("Best by the ranking", timeout=60_000)
    expect(page.get_by_text("variants tried").first).to_be_visible()

    map_.locator("canvas").focus()
    page.keyboard.press("Home")  # no key of the map: nothing moves
    page.keyboard.press("ArrowRight")
    expect(map_.locator(".heat-readout")).to_contain_text(re.compile(r"slow \d+, fast \d+: "))
    lines = page.locator("[data-parallel] .heat-readout")
    expect(lines).to_contain_text("54 cells kept")
    page.locator(".parallel-ranges summary").click()
    slider = page.get_by_label("fast, lowest")
    slider.fill("200")
    expect(lines).to_contain_text("18 cells kept")
    parallel = page.locator("[data-parallel]")
    parallel.get_by_role("button", name="Show as table").click()
    expect(parallel.locator("tbody tr")).to_have_count(18)
    slider.fill("0")
    expect(parallel.locator("tbody tr")).to_have_count(54)  # the table shows what is kept
    slider.fill("200")
    map_.get_by_role("button", name="Show as table").click()
    expect(map_.locator("tbody tr")).to_have_count(3)
    with page.expect_download() as told:
        map_.get_by_role("button", name="Download the figures as CSV").click()
    assert told.value.path().read_text().splitlines()[0] == "slow,fast,sharpe (simulated),cell"
    page.locator("#cells select[name=is_fast]").select_option("7")
    expect(page.locator("#cells tbody tr")).to_have_count(18)
    sharpe = page.locator("#cells tbody tr").first.locator("td[data-label=Sharpe]").inner_text()
    page.locator("#cells tbody tr").first.get_by_role("button", name="Open").click()
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=60_000)
    expect(page.locator("main")).to_contain_text(sharpe)

    # on paper: all of it, in light colours from a dark theme, nothing beside the report
    page.emulate_media(color_scheme="dark")
    for kind in ("drawdown", "price"):
        expect(page.locator(f"[data-chart={kind}] canvas").first).to_be_visible()
    paper = on_paper(page)
    assert paper["pictures"] == 3, "of equity, drawdown and price"
    assert paper["canvases"] == 0, "which would be cut, or dark"
    assert all(min(corner) > 240 for corner in paper["corners"]), paper["corners"]
    assert paper["ink"] == "rgb(22, 28, 43)"
    assert (paper["tabs"], paper["hidden"]) == (8, ["export"])
    assert paper["around"] == 0
    assert paper["width"] <= 720
