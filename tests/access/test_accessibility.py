"""Every page of the table stands up to axe-core, fits its window, and is small enough to come quickly.

A new page is looked at as soon as it stands in tests/access/table.py. `make test` looks at each page once, in one of four
windows (a route is always looked at in the same one); `make prove` looks at each in all four.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path
from zlib import crc32

import axe_playwright_python
import brotli
import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, Route

from tests.access.shown import Answer, answers, served
from tests.access.world import World
from tests.browser import chromium as chromium

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], elementRef: false, runOnly: rules });
  const wide = document.documentElement.scrollWidth - innerWidth;
  return violations
    .map((rule) => `${rule.impact} ${rule.id}: ${rule.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")}`)
    .concat(wide > 0 ? [`${wide} px wider than the window`] : []);
}"""
WINDOWS = [(width, theme) for width in (1280, 390) for theme in ("light", "dark")]
HEIGHT = {1280: 900, 390: 844}
MOST_BYTES = 200_000  # of a first visit, compressed; the editor's own script apart
EDITOR = ("dist/editor.js", "dist/blocks.js")
FONTS = ("dist/fonts/inter-latin.woff2", "dist/fonts/jetbrains-mono-latin.woff2")


@pytest.fixture(scope="module")
def module_pages(module_world: World, django_db_blocker) -> dict[str, Answer]:
    with django_db_blocker.unblock():
        return answers(module_world)


@pytest.fixture
def pages(module_pages: dict[str, Answer], world: World) -> dict[str, Answer]:
    return module_pages


def _wrong(
    chromium: Browser, pages: dict[str, Answer], window: tuple[int, str], paths: list[str]
) -> dict[str, list[str]]:
    """By path what is to be mended there."""
    width, theme = window
    context = chromium.new_context(
        viewport={"width": width, "height": HEIGHT[width]},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",  # a word that is fading in has too little contrast meanwhile
        bypass_csp=True,
    )
    page = context.new_page()
    page.route_web_socket("**/*", lambda socket: None)
    wrong = {}
    with served(pages, {"/axe.js": AXE.read_bytes()}) as url:
        for path in paths:
            page.goto(url + path)
            page.add_script_tag(url="/axe.js")
            found = page.evaluate(LOOK, RULES)
            if found:
                wrong[f"{path} at {width} px, {theme}"] = found
    context.close()
    return wrong


def _window(route: str) -> tuple[int, str]:
    return WINDOWS[crc32(route.encode()) % len(WINDOWS)]


def _documents(pages: dict[str, Answer]) -> dict[str, Answer]:
    return {path: answer for path, answer in pages.items() if answer.is_page}


def test_every_page_can_be_used_by_everybody(pages, chromium):
    documents = _documents(pages)
    assert len(documents) > 130
    wrong = {}
    for window in WINDOWS:
        chosen = [path for path, answer in documents.items() if _window(answer.route) == window]
        wrong |= _wrong(chromium, pages, window, chosen)
    assert wrong == {}, "\n".join(f"{path}: {one}" for path, found in wrong.items() for one in found)


@pytest.mark.prove
@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window[0]}-{window[1]}")
def test_every_page_can_be_used_in_every_window(pages, chromium, window):
    assert _wrong(chromium, pages, window, list(_documents(pages))) == {}


@cache
def _size(name: str) -> int:
    """Bytes that are sent for a static file; fonts are compressed already."""
    content = (Path(settings.BASE_DIR) / "static" / name).read_bytes()
    return len(content) if name.endswith(".woff2") else len(brotli.compress(content))


def test_a_first_visit_is_small(pages):
    """Of each page: itself, its styles and scripts, the icons and the two fonts of Latin letters."""
    sizes = {}
    for path, answer in _documents(pages).items():
        loaded = re.findall(
            r'<(?:script|link rel="(?:stylesheet|icon|preload)")[^>]* (?:src|href)="(/[^"?#]+)',
            answer.body.decode(),
        )
        files = {name.removeprefix("/static/") for name in loaded if name.startswith("/static/")}
        files = files - set(EDITOR) | {"dist/icons.svg", *FONTS}
        ours = [answer.body, *(pages[name].body for name in loaded if name in pages)]
        sizes[path] = sum(map(_size, files)) + sum(len(gzip.compress(body)) for body in ours)
    assert {path: size for path, size in sizes.items() if size > MOST_BYTES} == {}
    assert max(sizes.values()) > 100_000  # it looks for what is loaded


# The element with the focus: what it is called, and whether one sees that it has it.
FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const words = at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.value || "";
  return { name: words.trim(), lost: at === document.body, seen: ring && box.width > 0 && box.height > 0 };
}"""


def _press_until(page: Page, key: str, name: str) -> None:
    """Press the key until what is called `name` has the focus; on the way it is never lost and always seen."""
    for _ in range(80):
        page.keyboard.press(key)
        focused = page.evaluate(FOCUSED)
        assert not focused["lost"], f"the focus is lost before {name}"
        assert focused["seen"], f"one does not see that {focused['name']} has the focus"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"{name} is not reached by {key}")


def test_menus_and_dialogs_obey_the_keyboard(pages, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.route_web_socket("**/*", lambda socket: None)
    with served(pages) as url:
        page.goto(f"{url}/design/")
        _press_until(page, "Tab", "Skip to the page")
        _press_until(page, "Tab", "Your account and settings")
        page.keyboard.press("Enter")
        menu = page.locator("details[open]")
        assert menu.count() == 1
        _press_until(page, "ArrowDown", "Settings")
        page.keyboard.press("Escape")
        assert menu.count() == 0
        assert page.evaluate(FOCUSED)["name"] == "Your account and settings"
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowUp")
        assert page.evaluate(FOCUSED)["name"] == "Sign out"
        _press_until(page, "Tab", "Second action")  # who goes on leaves no open menu behind
        assert menu.count() == 0
        _press_until(page, "Tab", "Open a dialog")
        page.keyboard.press("Enter")
        inside = (
            "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
        )
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate(inside), "the focus leaves an open dialog"
        page.keyboard.press("Escape")
        assert page.evaluate(FOCUSED)["name"] == "Open a dialog"
    context.close()


MAIN_ROUTES = {
    "dashboard/",
    "formulas/",
    "backtests/",
    "backtests/{uuid}/",
    "bots/",
    "bots/{uuid}/",
    "signals/",
    "signals/sources/",
    "trading/orders/",
    "portfolio/",
    "markets/",
    "inbox/",
    "settings/workspace/journal/",
    "plans/",
}
SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => (shift += entry.value))).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"
DRAWN = "() => [...document.querySelectorAll('[data-chart]')].every((chart) => chart.querySelector('canvas'))"


def _shift_of(page: Page, address: str) -> float:
    """By how much things moved, the scripts held back until the first paint."""
    held: list[Route] = []
    is_painted = False
    page.route(
        re.compile(r"/dist/(app|charts)[^/]*\.js"),
        lambda route: route.continue_() if is_painted else held.append(route),
    )
    page.goto(address, wait_until="commit")
    page.wait_for_function(PAINTED)
    is_painted = True
    for script in held:
        script.continue_()
    page.wait_for_load_state()
    page.wait_for_function(DRAWN)
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    return float(page.evaluate("shift"))


def _moved(chromium: Browser, pages: dict[str, Answer], width: int, paths: list[str]) -> dict[str, float]:
    """By path and width the sum of shifts, where it is not below a hundredth."""
    moved = {}
    context = chromium.new_context(viewport={"width": width, "height": HEIGHT[width]}, bypass_csp=True)
    context.add_init_script(SHIFT)
    with served(pages) as url:
        for path in paths:
            page = context.new_page()
            page.route_web_socket("**/*", lambda socket: None)
            if (shift := _shift_of(page, url + path)) >= 0.01:
                moved[f"{path} at {width} px"] = round(shift, 4)
            page.close()
    context.close()
    return moved


def _main(pages: dict[str, Answer]) -> list[str]:
    chosen = [path for path, answer in _documents(pages).items() if answer.route in MAIN_ROUTES]
    assert len(chosen) == len(MAIN_ROUTES)
    return chosen


def test_nothing_moves_while_a_page_comes(pages, chromium):
    """What comes later finds its room kept, as on a slow phone: scripts after the first paint, then fonts and charts.
    Every other page at the width of a desk, the others at a phone's; `make prove` looks at each at both."""
    chosen = _main(pages)
    assert _moved(chromium, pages, 1280, chosen[::2]) | _moved(chromium, pages, 390, chosen[1::2]) == {}


@pytest.mark.prove
@pytest.mark.parametrize("width", HEIGHT)
def test_nothing_moves_at_any_width(pages, chromium, width):
    assert _moved(chromium, pages, width, _main(pages)) == {}
