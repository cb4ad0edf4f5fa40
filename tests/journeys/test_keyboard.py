"""From signing up to a report without touching the mouse."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from apps.formulas.library import templates

NAME = "document.activeElement.getAttribute('aria-label') || document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText || ''"


def tab_to(page: Page, name: str) -> None:
    """Tab until what is called so has the focus, which is never lost on the way nor held fast."""
    for _ in range(90):
        page.keyboard.press("Tab")
        found = page.evaluate(NAME).strip()
        if re.match(name, found):
            return
    raise AssertionError(f"{name} is not reached by Tab; the focus stands at {found!r}")


def test_a_report_without_a_mouse(visitor: Page):
    page = visitor
    page.goto("/accounts/signup/")
    tab_to(page, "Email")
    page.keyboard.type(f"{uuid.uuid4().hex[:10]}@example.com")
    tab_to(page, "Password")
    page.keyboard.type("a-long-enough-secret")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dashboard/"))
    tab_to(page, "Formulas")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/formulas/"))
    tab_to(page, "New formula")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/formulas/new/"))
    tab_to(page, "Name")
    page.keyboard.type("By keyboard")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.cm-content')"):
            break
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(templates()[0].text)
    page.keyboard.press("Escape")  # from here on Tab leaves the editor
    tab_to(page, "Backtest$")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Market")).to_be_visible()
    tab_to(page, "Market")
    page.keyboard.type("AAPL")
    tab_to(page, "Run backtest")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    chart = page.locator("[data-chart=price] canvas[tabindex], [data-chart=price] [tabindex='0']").first
    expect(chart).to_be_visible()
    expect(page.locator("#trades tbody tr").first).to_be_attached()
    tab_to(page, "Overview|Trades")
