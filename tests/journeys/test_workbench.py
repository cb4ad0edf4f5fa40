"""The formula's page in a browser: text and blocks follow each other, the chart follows both, a bar says why."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import write_formula

# laid out as the language does, with all that blocks do not show: comments, brackets, gaps
TEXT = """# the averages
fast = ema(close, 9)
slow = ema(close, 21)  # slower

long when crossover(fast, slow) and (close > open)
exit long when crossunder(fast, slow)
plot fast as "Fast"
# that is all
"""
PANE = "document.querySelector('[data-blocks-pane]').cwBlocks"


def text_of(page: Page) -> str:
    return page.locator("#id_text").input_value()


def blocks(page: Page, script: str) -> Any:
    """What a script says of the workspace `w`."""
    return page.evaluate(f"(() => {{ const w = {PANE}.workspace; return {script}; }})()")


def show_both(page: Page) -> None:
    page.goto("/formulas/new/")
    write_formula(page, TEXT)
    page.get_by_role("button", name="Both", exact=True).click()
    expect(page.locator(".blocklyDraggable .blocklyText", has_text="crossunder")).to_be_visible()


def test_text_and_blocks_follow_each_other_and_lose_nothing(newcomer: Page):
    page = newcomer
    show_both(page)
    expect(page.locator("[data-preview-status]")).to_contain_text("signals on 500 bars")
    assert text_of(page) == TEXT  # looking at blocks changes no letter

    # a change in the blocks, and every reader of the name with it, is one step
    blocks(
        page,
        "w.getBlocksByType('definition').find((b) => b.getFieldValue('NAME') === 'fast').setFieldValue('quick', 'NAME')",
    )
    renamed = TEXT.replace("fast", "quick")
    expect(page.locator("#id_text")).to_have_value(renamed)
    page.get_by_label("Undo").click()
    expect(page.locator("#id_text")).to_have_value(TEXT)

    # a change in the text
    page.locator(".cm-line", has_text="exit long").click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" or close < 1")
    expect(page.locator(".blocklyDraggable .blocklyText", has_text=re.compile("^or"))).to_be_visible()

    # what is no value of the place cannot be put there
    joins = (
        "((type) => w.connectionChecker.canConnect(w.getBlocksByType(type)[0].outputConnection,"
        " w.getBlocksByType('long')[0].getInput('WHEN').connection, true, Infinity))"
    )
    assert blocks(page, f"{joins}('call_crossunder')") is True
    assert blocks(page, f"{joins}('call_ema')") is False

    # an empty place among the blocks: the text waits, and nothing is saved unseen
    before = text_of(page)
    blocks(page, "w.getBlocksByType('call_crossover')[0].unplug()")
    status = page.locator("[data-blocks-status]")
    expect(status).to_contain_text("The text waits for the blocks: a place of the marked block is empty")
    assert text_of(page) == before
    page.get_by_label("Undo").click()
    expect(status).not_to_contain_text("The text waits")

    # a text that cannot be read: the blocks stay, and say so
    count = blocks(page, "w.getAllBlocks(false).length")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("long when ((")
    expect(status).to_contain_text("The text has an error")
    assert blocks(page, "w.getAllBlocks(false).length") == count
    page.keyboard.press("Control+Z")
    expect(status).to_be_hidden()

    # what the checker finds stands on its block
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("exit when clos > 3")
    expect(page.locator(".cw-problem .blocklyText", has_text="clos").first).to_be_visible()


def test_blocks_by_keyboard_and_why_by_a_click(newcomer: Page):
    page = newcomer
    show_both(page)
    chart = page.locator("[data-preview] .chart-canvas")
    expect(chart.locator("canvas").first).to_be_visible()
    expect(page.locator("[data-preview-status]")).to_contain_text("signals on 500 bars")
    box = chart.bounding_box()
    assert box
    chart.click(position={"x": box["width"] * 0.4, "y": 80})
    panel = page.locator("#why-here")
    expect(panel).to_contain_text("did not fire")
    expect(page.locator(".cw-false").first).to_be_visible()
    page.get_by_role("button", name="Next signal").click()
    expect(panel.locator(".verdict[data-held]").first).to_be_visible()
    expect(page.locator(".cw-true").first).to_be_visible()
    page.get_by_role("button", name="Close why").click()
    expect(page.locator(".cw-true")).to_have_count(0)

    # find a block, take it, all by keys
    page.get_by_label("Find a block").fill("stop-loss")
    expect(page.locator(".blocklyFlyout .blocklyText", has_text="stop-loss")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # it is held until it is set down
    expect(page.locator("#id_text")).to_have_value(re.compile(r"^stop_loss 3%$", re.MULTILINE))
    page.keyboard.press("Control+z")
    expect(page.locator("#id_text")).to_have_value(TEXT)

    # which view was chosen is remembered, and what was written is saved
    page.get_by_label("Name").fill("Both ways")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/formulas/[0-9a-f-]{36}/$"))
    expect(page.get_by_role("button", name="Both", exact=True)).to_have_attribute("aria-pressed", "true")
    assert text_of(page) == TEXT
    page.get_by_role("link", name="Tests", exact=True).click()
    expect(page.locator("#bench-fetched")).to_contain_text("A test says what must come of which bars")
