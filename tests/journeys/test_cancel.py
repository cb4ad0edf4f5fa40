"""A run that computes for seconds without looking up is stopped all the same, and its worker takes the next one."""

from __future__ import annotations

import re
import subprocess

from playwright.sync_api import Page, expect

from apps.formulas.library import templates
from tests.journeys.conftest import Stack, choose_market, write_formula

# ten centred deviations over 5,000 bars, 200,000 bars each: some ten seconds in compiled code
LONG = "\n".join(
    [
        *(f"x{i} = cci({5000 - i})" for i in range(10)),
        "long when " + " + ".join(f"x{i}" for i in range(10)) + " > 0",
    ]
)


def _children(stack: Stack) -> set[str]:
    """The processes that the worker computes in."""
    pid = str(stack.running["worker"].pid)
    return set(
        subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True, check=True).stdout.split()
    )


def _ask(page: Page, name: str, text: str, market: str) -> None:
    page.goto("/formulas/new/")
    page.get_by_label("Name").fill(name)
    write_formula(page, text)
    page.get_by_role("button", name="Backtest").click()
    choose_market(page, market)
    page.get_by_role("button", name="Run backtest").click()
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))


def test_a_cancelled_run_frees_its_worker_and_costs_nothing(newcomer: Page, stack: Stack):
    page = newcomer
    _ask(page, "Long", LONG, "SYNTH")
    expect(page.get_by_text("Running").first).to_be_visible(timeout=60_000)
    before = _children(stack)
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_text("The run was cancelled")).to_be_visible()
    # the free plan has one run a day: that this one may be asked for shows that the other was given back
    _ask(page, "Short", templates()[0].text, "AAPL")
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=60_000)
    assert _children(stack) != before
