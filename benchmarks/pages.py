"""Pages: queries and milliseconds with few rows and with many, and what a slow browser sees of a first visit.

Run by `python -m benchmarks.pages [many]`, in about six minutes; `many` (10,000) rows of each kind. It uses the
servers of DATABASE_URL and REDIS_URL, or starts this machine's own; a scratch database is made and dropped. The
browser's part is left out where no Chromium is installed. Exit status 1 when a page is not answered, or asks more
queries of more rows.
"""

from __future__ import annotations

import io
import math
import os
import shutil
import statistics
import sys
import time
from typing import Any

from benchmarks.measure import goal, heading
from benchmarks.servers import databases, scratch_database, server

FEW, MANY = 10, 10_000
CALLS = 15
VISITS = 3  # of a page by a browser; medians are told
SLOWDOWN = 4  # of the browser's processor: a phone of the middle class
GROWTH, CLS, LCP_MS, TBT_MS, SCORE = 2.0, 0.01, 2_500, 200, 90
# Lighthouse's mobile curves: weight, the value that scores 90 and the one that scores 50
# (https://developer.chrome.com/docs/lighthouse/performance/performance-scoring); its speed index is left out.
ERFC_TENTH = 0.9061938024368232  # erfc of it is 1/5: where a curve has 90
CURVES = {
    "fcp": (10, 1_800, 3_000),
    "lcp": (25, 2_500, 4_000),
    "tbt": (30, 200, 600),
    "cls": (25, 0.1, 0.25),
}
PAGES = [
    "/dashboard/",
    "/formulas/",
    "/backtests/",
    "/bots/",
    "/signals/",
    "/signals/sources/",
    "/trading/orders/",
    "/markets/",
    "/inbox/",
    "/settings/workspace/journal/",
]
# What the browser reports of a visit: paints, shifts and long tasks as they come. Blocking time is Lighthouse's: by how
# much tasks were longer than 50 ms from the first paint of contents on, until which there is nothing to touch.
OBSERVE = """
window.seen = { fcp: 0, lcp: 0, cls: 0 };
const tasks = [];
const watch = (type, take) =>
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
watch("paint", (entry) => { if (entry.name === "first-contentful-paint") seen.fcp = entry.startTime; });
watch("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.cls += entry.value; });
watch("longtask", (entry) => tasks.push(entry));
window.blocked = () => tasks.reduce((sum, { startTime, duration }) =>
  sum + Math.max(0, startTime + duration - Math.max(startTime, seen.fcp) - 50), 0);
"""


def _rows(workspace: Any, person: Any) -> list[Any]:
    """One row of each kind that lists are made of, parents before their children."""
    from apps.backtests.models import Backtest
    from apps.bots.models import Bot
    from apps.formulas.models import Formula
    from apps.notifications.models import Notice
    from apps.signals.models import Alert, AlertSource, Signal
    from apps.trading.models import Book, Intent, Order

    kinds = [
        Formula.objects.filter(workspace=workspace),
        Backtest.objects.filter(workspace=workspace),
        AlertSource.objects.filter(workspace=workspace),
        Alert.objects.filter(source__workspace=workspace),
        Signal.objects.filter(workspace=workspace),
        Book.objects.filter(workspace=workspace),
        Bot.objects.filter(workspace=workspace),
        Intent.objects.filter(book__workspace=workspace),
        Order.objects.filter(intent__book__workspace=workspace),
        Notice.objects.filter(person=person),
    ]
    return [row for kind in kinds for row in kind.order_by("pk")[:1]]


def _heaviest(workspace: Any) -> list[str]:
    """The addresses of what draws most: reports, a bot, an editor; the first of each kind, which are no copies."""
    from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward
    from apps.bots.models import Bot
    from apps.formulas.models import Formula

    found = [
        ("/backtests/", Backtest.objects.filter(workspace=workspace, status="done")),
        ("/backtests/walk-forwards/", WalkForward.objects.filter(workspace=workspace, status="done")),
        ("/backtests/portfolios/", PortfolioRun.objects.filter(workspace=workspace, status="done")),
        ("/backtests/sweeps/", Sweep.objects.filter(workspace=workspace, status="done")),
        ("/bots/", Bot.objects.filter(workspace=workspace)),
        ("/formulas/", Formula.objects.filter(workspace=workspace)),
    ]
    return [f"{place}{row.uuid}/" for place, rows in found for row in rows.order_by("pk")[:1]]


def _ask(client: Any, path: str) -> tuple[int, int, float, float]:
    """Status, queries, median milliseconds and kilobytes of a page."""
    from django.core.cache import cache
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times, queries, status, size = [], 0, 0, 0
    for _ in range(CALLS):
        cache.clear()
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        times.append((time.perf_counter() - began) * 1000)
        status, queries, size = answer.status_code, len(captured), len(answer.content)
    return status, queries, statistics.median(times), size / 1_000


def measure_rows(client: Any, workspace: Any, person: Any, many: int) -> bool:
    """Print a line a page; False when one grew or was not answered.

    A page of a list draws 50 rows at most, with few of each kind those few and the demo's own: the kilobytes tell how
    much of the time is for what is drawn, not for what is stored.
    """
    from django.db import connection

    from benchmarks.rows import multiply

    multiply(_rows(workspace, person), FEW)
    few = {path: _ask(client, path) for path in PAGES}
    multiply(_rows(workspace, person), many)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    every = {path: _ask(client, path) for path in PAGES}
    heading(f"Pages with {FEW} rows of each kind and with {many:,}: queries, milliseconds in one process, kB")
    print(f"{'':36}{'queries':>8}{'':>8}{'ms':>8}{'':>8}{'kB':>8}{'':>8}")
    clean, worst = True, ("", 0.0)
    for path in PAGES:
        status, queries, took, size = every[path]
        print(
            f"{path:36}{few[path][1]:8}{queries:8}{few[path][2]:8.1f}{took:8.1f}{few[path][3]:8.0f}{size:8.0f}"
        )
        clean &= status == 200 and few[path][1] == queries
        worst = max(worst, (path, took / few[path][2]), key=lambda pair: pair[1])
    goal(f"time with {many:,} rows against {FEW}, the farthest ({worst[0]})", worst[1], GROWTH, " times")
    return clean


def score(seen: dict[str, float]) -> float:
    """0 to 100 for a visit, as Lighthouse weighs what CURVES names: each figure by a log-normal curve."""
    total = 0.0
    for name, (weight, good, median) in CURVES.items():
        away = math.log(max(seen[name], 1e-9) / median) / abs(math.log(good / median)) * ERFC_TENTH
        total += weight * math.erfc(away) / 2
    return 100 * total / sum(weight for weight, _, _ in CURVES.values())


def _visit(browser: Any, url: str, cookie: str, path: str) -> dict[str, float]:
    """What is seen of one first visit."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    if path not in ("/", "/plans/"):
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
    context.add_init_script(OBSERVE)
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    context.request.get(url + path)  # the server is warm, the browser has kept nothing
    page.goto(url + path, wait_until="load")
    page.wait_for_timeout(1_500)  # what comes after the page itself: charts, live regions
    seen: dict[str, float] = page.evaluate("({ ...seen, tbt: blocked() })")
    context.close()
    return seen


def measure_visits(url: str, cookie: str, paths: list[str]) -> None:
    """What a browser with a slow processor sees of each page on a first visit, nothing kept from before."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print("\nFirst visits: not measured, no Chromium here")
        return
    heading(f"First visits, a processor {SLOWDOWN} times slower: milliseconds, medians of {VISITS}")
    print(f"{'':36}{'FCP':>8}{'LCP':>8}{'TBT':>8}{'CLS':>8}{'score':>8}")
    worst, lowest = {"lcp": 0.0, "tbt": 0.0, "cls": 0.0}, 100.0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        for path in paths:
            visits = [_visit(browser, url, cookie, path) for _ in range(VISITS)]
            seen = {name: statistics.median(visit[name] for visit in visits) for name in visits[0]}
            print(
                f"{path[:35]:36}{seen['fcp']:8.0f}{seen['lcp']:8.0f}{seen['tbt']:8.0f}{seen['cls']:8.3f}"
                f"{score(seen):8.0f}",
                flush=True,
            )
            worst = {name: max(value, seen[name]) for name, value in worst.items()}
            lowest = min(lowest, score(seen))
        browser.close()
    goal("largest contentful paint, the slowest", worst["lcp"], LCP_MS, " ms")
    goal("blocking time, the longest", worst["tbt"], TBT_MS, " ms")
    goal("layout shift, the largest", worst["cls"], CLS)
    goal("score, the lowest", lowest, SCORE, at_least=True)


def main(arguments: list[str]) -> int:
    many = int(arguments[0]) if arguments else MANY
    with databases() as environment:
        os.environ.update(environment)
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test import Client

        with scratch_database() as database_url:
            call_command("demo", verbosity=0, stdout=io.StringIO())
            from apps.accounts.models import Membership

            member = Membership.objects.select_related("workspace", "user").get(
                user__email="demo@candlewright.example"
            )
            client = Client(headers={"Host": "localhost"})
            client.force_login(member.user)
            clean = measure_rows(client, member.workspace, member.user, many)
            with server("config.asgi:application", environment | {"DATABASE_URL": database_url}) as url:
                paths = ["/", "/plans/", *PAGES, "/portfolio/", *_heaviest(member.workspace)]
                measure_visits(url, client.cookies["sessionid"].value, paths)
            return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
