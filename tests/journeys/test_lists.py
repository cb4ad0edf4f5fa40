"""A list by keys alone: find, keep the view, choose, act, undo; and the palette and the sheet of keys beside it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from apps.formulas.library import template_of


def _use(page: Page, key: str) -> str:
    """Make a formula from the template, as the library's button does; its address."""
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        f"/formulas/library/{key}/use/",
        form={"csrfmiddlewaretoken": token},
        headers={"Referer": page.url},
        max_redirects=0,
    )
    assert answer.status == 302
    return answer.headers["location"]


def test_find_keep_choose_act_undo_and_go(newcomer: Page):
    page = newcomer
    addresses = {key: _use(page, key) for key in ("macd", "ut-bot", "rsi-reversal")}
    macd = template_of("macd")
    assert macd
    rows = page.locator("#list tbody tr")
    page.goto("/formulas/")
    expect(rows).to_have_count(3)

    # what is looked for stands in the address, and is kept as a view
    page.keyboard.press("/")
    page.keyboard.type("macd")
    expect(page).to_have_url(re.compile(r"/formulas/\?q=macd$"))
    expect(rows).to_have_count(1)
    page.get_by_text("Save view").click()
    page.get_by_label("Name of the view").fill("Crossing")
    page.keyboard.press("Enter")
    chip = page.get_by_role("link", name="Crossing", exact=True)
    expect(chip).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="All", exact=True).click()
    expect(rows).to_have_count(3)
    page.go_back()
    expect(rows).to_have_count(1)

    # choose by keys, act, undo
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-chosen-count]")).to_have_text("1 chosen")
    expect(rows.first).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("1 formula is archived.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/formulas/\?q=macd$"))
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("1 formula is back.")).to_be_visible()
    expect(rows).to_have_count(1)

    # the sheet of keys holds single keys back, the palette finds and opens
    page.keyboard.press("?")
    sheet = page.locator("#keys-sheet")
    expect(sheet).to_be_visible()
    page.keyboard.press("o")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/formulas/\?q=macd$"))
    page.keyboard.press("Control+k")
    page.keyboard.type("rsi rev")
    expect(page.locator("#palette-results [aria-selected=true]")).to_contain_text("RSI reversal")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(addresses["rsi-reversal"]) + "$"))
