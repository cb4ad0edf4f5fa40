"""The chart beside the editor: from a changed letter to the signals drawn anew on 5,000 bars.

Run by `python -m benchmarks.previews`, in about two minutes. It uses the servers of DATABASE_URL and REDIS_URL, or
starts this machine's own; a scratch database is made and dropped. The browser's part is left out where no Chromium is
installed. Exit status 1 when a preview is not answered.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import statistics
import sys
import time
from typing import Any

from benchmarks.measure import goal, heading
from benchmarks.servers import databases, scratch_database, server

BARS = 5_000
CALLS = 15
LIMIT_MS = 300.0
FORMULAS = {
    "two averages": """
long when crossover(ema(close, 9), ema(close, {n}))
exit long when crossunder(ema(close, 9), ema(close, {n}))
""",
    "bands and RSI": """
basis = sma(close, {n})
band = 2 * stdev(close, {n})
long when close < basis - band and rsi(close, 14) < 30
exit long when close > basis
plot basis as "Basis"
plot basis + band as "Upper"
plot basis - band as "Lower"
""",
    "regimes": """
trend = ema(close, {n}) > ema(close, 200)
quiet = atr(14) < sma(atr(14), 100)
long when trend and quiet and crossover(close, highest(high, 20)[1])
exit long when crossunder(close, lowest(low, 10)[1])
""",
}
# When the answer's words are there and the frame after them is painted; and when the last request began.
WATCH = """
window.painted = () => new Promise((done) => {
  const status = document.querySelector("[data-preview-status]");
  new MutationObserver((_, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const asked = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/preview/")).at(-1);
      done(performance.now() - asked.startTime);
    }));
  }).observe(status, { childList: true });
});
"""


def measure_answers(client: Any, bar_set: Any) -> bool:
    """Print a line a formula; False when one was not answered. Each call has a number of its own: nothing is kept."""
    heading(
        f"Previews on {BARS:,} of {bar_set.bars:,} bars, {bar_set.instrument.symbol}: milliseconds in one process"
    )
    print(f"{'':36}{'first':>8}{'next':>8}{'bytes':>10}")
    clean, worst, chosen = True, 0.0, str(bar_set.uuid)
    for name, formula in FORMULAS.items():
        times, size = [], 0
        for call in range(CALLS + 1):
            body = {
                "text": formula.format(n=20 + call),
                "bar_set": chosen,
                "points": BARS,
                "with_bars": False,
            }
            began = time.perf_counter()
            answer = client.post("/api/v1/formulas/preview/", body, content_type="application/json")
            times.append((time.perf_counter() - began) * 1000)
            clean &= answer.status_code == 200 and answer.json()["count"] == BARS
            size = len(answer.content)
        print(f"{name:36}{times[0]:8.1f}{statistics.median(times[1:]):8.1f}{size:10,}")
        worst = max(worst, statistics.median(times[1:]))
    goal("a changed number, answered, the slowest formula", worst, LIMIT_MS, " ms")
    return clean


def measure_typing(url: str, cookie: str, bar_set: Any) -> None:
    """Type and wait for the chart: from the request, which follows a pause in typing, to the painted frame."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("\nTyping: not measured, no Chromium here")
        return
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(f"{url}/formulas/new/")
        page.get_by_role("button", name="Text", exact=True).click()
        page.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(FORMULAS["two averages"].format(n=20))
        page.locator("[name=preview_market]").select_option(str(bar_set.uuid))
        page.locator("[name=preview_points]").select_option(str(BARS))
        page.locator("[data-preview-status]", has_text=re.compile(r"5\D?000 bars")).wait_for()
        page.locator(".cm-line").first.click()
        for _ in range(CALLS):
            page.keyboard.press("End")
            waiting = page.evaluate_handle("({ answer: painted() })")
            page.keyboard.insert_text(" ")
            times.append(waiting.evaluate("({ answer }) => answer"))
        browser.close()
    heading(
        f"A key pressed, {BARS:,} bars drawn anew in a browser: milliseconds from the request to the painted frame"
    )
    print(f"{'median':36}{statistics.median(times):8.1f}\n{'the longest':36}{max(times):8.1f}")
    goal("a key pressed, the chart drawn anew, median", statistics.median(times), LIMIT_MS, " ms")


def main() -> int:
    with databases() as environment:
        os.environ.update(environment)
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test import Client

        with scratch_database() as database_url:
            call_command("demo", verbosity=0, stdout=io.StringIO())
            from apps.accounts.models import User
            from apps.markets.models import BarSet

            client = Client(headers={"Host": "localhost"})
            client.force_login(User.objects.get(email="demo@candlewright.example"))
            bar_set = BarSet.objects.filter(workspace=None, bars__gte=BARS).latest("bars")
            clean = measure_answers(client, bar_set)
            with server("config.asgi:application", environment | {"DATABASE_URL": database_url}) as url:
                measure_typing(url, client.cookies["sessionid"].value, bar_set)
            return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
