"""A replay feed run by `run_feed` as it is: bars a second sustained, memory, and a bare insert of such rows."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

GOAL = 5_000
SPEED = 10_000  # asked for: as fast as it goes
WARM_UP_S, RUN_S = 5.0, 15.0
BATCH = 500

BARE = """
    INSERT INTO bench_livebar (feed_id, number, time, open, high, low, close, volume, received_at, is_late)
    SELECT 1, %s + at, time, open, open, open, open, open, now(), false
    FROM unnest(%s::bigint[], %s::float8[]) WITH ORDINALITY AS bar (time, open, at)
"""


def resident_mb(pid: int) -> float:
    """Memory of a process, as Linux and macOS tell."""
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024


def run_feed(**environment: str) -> subprocess.Popen[bytes]:
    """A process that runs every feed there is."""
    command = [sys.executable, "-m", "django", "run_feed", "--pythonpath", "."]
    return subprocess.Popen(command, env={**os.environ, "LOG_LEVEL": "ERROR", **environment})


def measure_replay(address: str) -> dict[str, float]:
    """Bars a second, batches a second, MB at the begin and at the end, and rows a second of the bare insert.

    Needs a migrated database of its own at `address`, and Django set up.
    """
    from django.db import connection, transaction

    from apps.markets.models import Feed, LiveBar
    from apps.markets.providers.sample import synthetic_minutes
    from apps.markets.services import store_bars
    from apps.markets.services.feed_setting import create_feed, start_feed

    bar_set = store_bars(None, synthetic_minutes(), actor=None, is_synthetic=True)
    settings = {"bar_set": str(bar_set.uuid), "bars_per_second": SPEED, "start": 0}
    feed = create_feed(None, provider="replay", settings=settings, actor=None)
    start_feed(feed, actor=None)

    def number() -> int:
        return Feed.objects.values_list("next_number", flat=True).get(pk=feed.pk)

    process = run_feed(DATABASE_URL=address)
    try:
        deadline = time.monotonic() + 60
        while number() == 0:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("run_feed wrote no bar")
            time.sleep(0.1)
        time.sleep(WARM_UP_S)
        first, began, memory = number(), time.perf_counter(), resident_mb(process.pid)
        time.sleep(RUN_S)
        bars, took, memory_after = number() - first, time.perf_counter() - began, resident_mb(process.pid)
    finally:
        process.terminate()
        process.wait(30)
    batches = LiveBar.objects.filter(number__gte=first).values("received_at").distinct().count()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_livebar (LIKE markets_livebar INCLUDING INDEXES)")
        times, prices = list(range(BATCH)), [float(n) for n in range(BATCH)]
        started = time.perf_counter()
        for start in range(0, 100 * BATCH, BATCH):
            with transaction.atomic():
                cursor.execute(BARE, [start, [start + at for at in times], prices])
        bare = 100 * BATCH / (time.perf_counter() - started)
    return {
        "bars": bars / took,
        "batches": batches / took,
        "memory": memory,
        "memory_after": memory_after,
        "bare": bare,
    }


def measure() -> None:
    """Print the figures and the goal. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"A replay feed, asked for {SPEED:,} bars a second, run for {RUN_S:.0f} s")
    with databases() as environment, tempfile.TemporaryDirectory() as folder:
        os.environ.update(environment)
        os.environ["VAR_DIR"] = folder  # its bars are kept there
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database() as address:
            found = measure_replay(address)
    print(f"{'run_feed':22}  {found['bars']:9,.0f} bars a second, in {found['batches']:.0f} batches")
    print(f"{'bare INSERT':22}  {found['bare']:9,.0f} rows a second, {BATCH} at a time")
    print(f"{'memory':22}  {found['memory']:9.0f} MB at first, {found['memory_after']:.0f} MB at the end")
    goal("replay feed", found["bars"], GOAL, " bars a second", at_least=True)


if __name__ == "__main__":
    measure()
