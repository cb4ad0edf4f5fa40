"""From signing up to a report without touching the mouse."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from apps.formulas.library import templates

STOPS = 80  # more than any page on the way has
# What has the focus is called, and whether one sees it; empty where nothing has it.
FOCUSED = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const style = getComputedStyle(at);
  return {
    name: (at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.value || "").trim(),
    seen: at.matches(".cm-content, .blocklyFocusableTree, svg *") || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0),
  };
}"""


def press_to(page: Page, name: str, key: str = "Tab", most: int = STOPS) -> None:
    """Press the key until what is called so has the focus: it is never held fast, and lost only past the page's end."""
    page.wait_for_load_state()  # what stands there without scripts is replaced by them, and the focus would be lost
    passed: list[str] = []
    for _ in range(most):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED) or {"name": "(nothing)", "seen": True}
        passed.append(focused["name"])
        assert focused["seen"], f"one does not see that {focused['name']} has the focus"
        if re.match(name, focused["name"]):
            return
    raise AssertionError(f"{name} is not reached by {key}, but {' > '.join(passed)}")


def leave_editor(page: Page) -> None:
    page.keyboard.press("Escape")  # closes what is offered
    page.keyboard.press("Escape")


def test_a_report_without_a_mouse(visitor: Page):
    page = visitor
    page.goto("/accounts/signup/")
    press_to(page, "E-mail")
    page.keyboard.type(f"{uuid.uuid4().hex[:10]}@example.com")
    press_to(page, "Password")
    page.keyboard.type("a-long-enough-secret")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/dashboard/"))
    press_to(page, "Formulas")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/formulas/"))
    press_to(page, "New formula")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/formulas/new/"))
    press_to(page, "Name")
    page.keyboard.type("By keyboard")
    press_to(page, "Formula$")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(templates()[0].text)
    expect(page.locator(".formula-editor [role=status]")).to_contain_text("No errors")
    expect(page.locator(".cm-content")).to_have_accessible_description(re.compile("Escape, then Tab"))
    leave_editor(page)
    press_to(page, "Format", most=2)
    press_to(page, "Formula$", "Shift+Tab", most=2)
    leave_editor(page)
    press_to(page, "Backtest$", "Shift+Tab", most=12)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/backtests/new/"))
    press_to(page, "Market")
    page.keyboard.type("AAPL")
    press_to(page, "Run backtest")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/backtests/[0-9a-f-]{36}/"))
    expect(page.locator("#trades tbody tr").first).to_be_attached(timeout=60_000)
    press_to(page, "Trades")


def test_blocks_hold_nobody_fast(newcomer: Page):
    page = newcomer
    page.goto("/formulas/new/")
    press_to(page, "Formula$")
    page.keyboard.insert_text(templates()[0].text)
    leave_editor(page)
    press_to(page, "Blocks", "Shift+Tab", most=6)
    page.keyboard.press("Enter")
    expect(page.locator(".blocklyDraggable").first).to_be_visible()
    press_to(page, "Market of the chart", most=16)
    press_to(page, "Blocks", "Shift+Tab", most=16)
