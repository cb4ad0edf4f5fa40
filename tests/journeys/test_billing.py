"""The business in a browser: sign up, meet a limit, buy Pro, use it, buy credits, change, and go back."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Stack, choose_market

BILLING = "/settings/workspace/billing/"
SLOW = 60_000  # milliseconds for what a worker computes, or goes through the provider and back


def pay(page: Page, card: str = "4242 4242 4242 4242") -> None:
    """On the provider's page."""
    page.wait_for_selector("#pay", timeout=SLOW)
    page.fill("#email", "payer@example.com")
    page.fill("#name", "Petra Payer")
    page.fill("#card", card)
    page.click("#pay")


def run_backtest(page: Page, symbol: str) -> None:
    page.goto("/formulas/new/?template=rsi-reversal")
    page.get_by_role("button", name="Backtest").click()
    choose_market(page, symbol)
    page.get_by_role("button", name="Run backtest").click()


def credits_of(page: Page) -> int:
    return int(page.request.get("/api/v1/credits/").json()["available"])


def rows(stack: Stack, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.mark.browser
def test_from_free_to_pro_and_back(newcomer: Page, stack: Stack):
    page = newcomer
    run_backtest(page, "AAPL")
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=SLOW)
    run_backtest(page, "MSFT")
    expect(page.get_by_text("The Free plan gives 1 backtest")).to_be_visible()

    page.goto(f"{BILLING}plan/?plan=pro&interval=month")
    page.get_by_role("button", name="Go to payment").click()
    pay(page, card="4000 0000 0000 0002")
    expect(page.get_by_text("declined").first).to_be_visible()
    pay(page)
    expect(page.get_by_text("The workspace is on Pro")).to_be_visible(timeout=SLOW)
    page.goto(BILLING)
    expect(page.get_by_text("USD 29.00").first).to_be_visible()
    expect(page.get_by_text("Visa 4242").first).to_be_visible()
    found = page.request.get("/api/v1/billing/subscription/").json()
    assert (found["plan"], found["subscription"]["status"]) == ("pro", "active")

    run_backtest(page, "MSFT")
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    # its page loads itself anew when the run has ended
    expect(page.locator("[data-chart=equity] canvas").first).to_be_visible(timeout=SLOW)

    before = credits_of(page)
    page.goto("/settings/workspace/credits/")
    page.get_by_role("link", name="Buy credits").click()
    page.locator("input[name=pack]").first.check()
    page.get_by_role("button", name="Go to payment").click()
    pay(page)
    expect(page.get_by_text("The credits are in your balance")).to_be_visible(timeout=SLOW)
    pack = page.request.get("/api/v1/billing/checkouts/").json()["results"][0]["pack"]
    assert credits_of(page) == before + pack["credits"]

    page.goto(f"{BILLING}invoices/")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("link", name="PDF")).to_have_count(2)

    page.goto(f"{BILLING}plan/?plan=enterprise&interval=month")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("Charged now")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Pay USD .* and change$")).click()
    expect(page.get_by_text("The workspace is on Enterprise")).to_be_visible(timeout=SLOW)
    page.goto(f"{BILLING}plan/?plan=pro&interval=month")
    page.get_by_role("button", name="See what it costs").click()
    expect(page.get_by_text("Kept for later invoices")).to_be_visible()
    page.get_by_role("button", name="Change the plan").click()
    expect(page.get_by_text("The workspace is on Pro")).to_be_visible(timeout=SLOW)

    page.goto(f"{BILLING}cancel/")
    page.get_by_label("What made you decide so?").fill("Only trying")
    page.get_by_role("button", name="Cancel Pro").click()
    expect(page.get_by_role("button", name="Keep the plan")).to_be_visible()

    uuid = found["subscription"]["uuid"]
    kinds = f"SELECT kind FROM billing_subscriptionchange WHERE subscription_uuid = '{uuid}' ORDER BY id"
    assert rows(stack, kinds) == [("new",), ("expansion",), ("contraction",)]
    assert rows(stack, f"SELECT monthly_amount FROM billing_subscription WHERE uuid = '{uuid}'") == [(2900,)]
