"""10,000 running bots on one instrument: from the announced bar to all that they decided and did, durably saved."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import numpy as np

BOTS = 10_000
FEW = 10
BARS = 60
WARM = 60
MINUTE = 60_000
TABLES = (
    "trading_intent", "trading_order", "trading_orderevent", "trading_fill", "trading_cashentry", "trading_position",
    "bots_decision", "signals_alert",
)  # fmt: skip
SINKING = 40  # bars until every average of few bars lies below that of many
START = 1_600_000_000_000 // MINUTE * MINUTE
FORMULA = """input fast = 3 in 2..50
input slow = 8 in 3..200
long when crossover(ema(close, fast), ema(close, slow))
exit long when crossunder(ema(close, fast), ema(close, slow))
stop_loss 3%
"""


class Fleet:
    """Bots of one formula, each with settings and a book of its own, on a feed of its own."""

    def __init__(self, name: str, bots: int) -> None:
        from django.utils import timezone

        from apps.accounts.models import User
        from apps.accounts.services import ensure_personal_workspace
        from apps.bots.models import Bot, Cohort
        from apps.formulas.services import create_formula, publish_formula
        from apps.markets.choices import FeedProvider, FeedState
        from apps.markets.models import Feed, Instrument
        from apps.markets.services.feeds import append_bars
        from apps.signals.services import own_source
        from apps.trading.choices import AccountKind, AccountState
        from apps.trading.models import Book, CashEntry, TradingAccount

        owner = User.objects.create_user(f"{name}@bench.example")
        workspace = ensure_personal_workspace(owner)
        own_source(workspace.pk)
        instrument = Instrument.objects.create(workspace=workspace, symbol=name.upper(), currency="USD")
        self.feed = Feed.objects.create(
            workspace=workspace,
            instrument=instrument,
            provider=FeedProvider.REPLAY,
            timeframe="1m",
            timeframe_ms=MINUTE,
            settings={"bar_set": str(uuid4()), "bars_per_second": 0.001},
            is_active=True,
            state=FeedState.RUNNING,
        )
        self.bars = _bars(WARM + BARS)
        append_bars(self.feed.pk, self.bars.slice(0, WARM))
        self.feed.refresh_from_db()
        account = TradingAccount.objects.create(
            workspace=workspace,
            name="Paper",
            kind=AccountKind.PAPER,
            state=AccountState.CONNECTED,
            fee_rate=Decimal("0.001"),
        )
        formula = create_formula(workspace, name="Cross", text=FORMULA, actor=owner)
        version = publish_formula(formula, actor=owner)
        now = timezone.now()
        books = Book.objects.bulk_create(
            Book(
                workspace=workspace,
                account=account,
                name=f"Bot {n}",
                currency="USD",
                price_source=f"feed:{self.feed.uuid}",
                cash=Decimal(10_000),
                opened_at=now,
            )
            for n in range(bots)
        )
        CashEntry.objects.bulk_create(
            [CashEntry(book=book, kind="deposit", amount=Decimal(10_000), at=now) for book in books],
            batch_size=2_000,
        )
        self.cohort = Cohort.objects.create(
            feed=self.feed,
            formula_hash=version.content_hash,
            last_number=self.feed.last_number,
            last_time=self.feed.last_time,
        )
        Bot.objects.bulk_create(
            [
                Bot(
                    workspace=workspace,
                    name=f"Bot {n}",
                    version=version,
                    inputs={"fast": 2 + n % 20, "slow": 25 + 5 * (n // 20 % 20)},
                    feed=self.feed,
                    account=account,
                    book=book,
                    capital=Decimal(10_000),
                    state="running",
                    cohort=self.cohort,
                    started_at=now,
                )
                for n, book in enumerate(books)
            ],
            batch_size=2_000,
        )
        self.at = WARM

    def join(self) -> float:
        """Warm everybody up; seconds."""
        from apps.bots.services import step_cohort

        began = time.perf_counter()
        step_cohort(self.cohort.pk)
        return time.perf_counter() - began

    def bring(self) -> None:
        """Announce the next bar."""
        from apps.markets.services.feeds import append_bars

        append_bars(self.feed.pk, self.bars.slice(self.at, self.at + 1))
        self.at += 1

    def bar(self) -> dict[str, Any]:
        """Announce the next bar and do it: seconds until it is committed, all of the job's, the engine's part, what was
        done."""
        from django.db import connection

        from apps.bots.services import step_cohort

        self.bring()
        spoken = Count()
        saved = []
        commit = connection.connection.commit

        def commit_and_note() -> None:
            commit()
            saved.append(time.perf_counter())

        connection.connection.commit = commit_and_note
        with connection.execute_wrapper(spoken):
            began, busy = time.perf_counter(), time.process_time()
            stepped = step_cohort(self.cohort.pk)
            took, busy = time.perf_counter() - began, time.process_time() - busy
        connection.connection.commit = commit
        assert stepped.bars == 1
        return {
            "seconds": saved[0] - began,
            "job": took,
            "busy": busy,
            "engine": stepped.engine_s,
            "decisions": self.decisions(),
            "statements": spoken.count,
        }

    def decisions(self) -> int:
        """How many were made at the newest bar."""
        from apps.bots.models import Decision

        return Decision.objects.filter(feed=self.feed, number=self.at - 1).count()


class Count:
    """Counts statements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, *call: Any) -> Any:
        self.count += 1
        return execute(*call)


def _bars(swinging: int) -> Any:
    """A price that swings, so that many of the bots cross at most bars; then twice it sinks, leaps, stays and falls.

    At the close of the leap every bot asks to buy, at the next open all are filled, and on the bar of the fall every
    stop is touched.
    """
    from apps.engine.bars import Bars

    rng = np.random.default_rng(4)
    close = 100 + 8 * np.sin(np.arange(swinging) / 5.0) + np.cumsum(rng.normal(0, 0.3, swinging))
    for _ in range(2):
        sinking = close[-1] * 0.99 ** np.arange(1, SINKING + 1)
        close = np.r_[close, sinking, sinking[-1] * np.array([6.0, 6.0, 3.0])]
    opens = np.r_[close[0], close[:-1]]
    time_ = START + np.arange(len(close), dtype=np.int64) * MINUTE
    return Bars(
        time_,
        opens,
        np.maximum(opens, close) + 0.2,
        np.minimum(opens, close) - 0.2,
        close,
        np.ones(len(close)),
        MINUTE,
    )


def _rows() -> dict[str, int]:
    """How many rows each table that a bar adds to has."""
    from django.db import connection

    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  words of our own
            found[table] = cursor.fetchone()[0]
        return found


def _bare(added: dict[str, int]) -> float:
    """Seconds of a bare INSERT … SELECT of the newest so many rows of each table, into one with the same indexes."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        for table in added:
            cursor.execute(f"DROP TABLE IF EXISTS bare_{table}")
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
        began = time.perf_counter()
        with transaction.atomic():
            for table, rows in added.items():
                cursor.execute(
                    f"INSERT INTO bare_{table} SELECT * FROM {table} ORDER BY id DESC LIMIT %s",  # noqa: S608
                    [rows],
                )
        return time.perf_counter() - began


def _killed(fleet: Fleet, address: str) -> dict[str, Any]:
    """The next bar by two workers: one is killed in the midst of writing, the next is timed from taking the job."""
    fleet.bring()
    with _worker(fleet, address) as first:
        _wait_until_writing()
        first.kill()
        first.wait()
    before = fleet.decisions()
    with _worker(fleet, address) as second:
        told = second.communicate()[0].split()
    return {
        "seconds": float(told[-1]),
        "busy": float(told[-2]),
        "before": before,
        "decisions": fleet.decisions(),
    }


@contextmanager
def _worker(fleet: Fleet, address: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has just begun takes the cohort's job."""
    command = [sys.executable, "-m", "benchmarks.bots_live", str(fleet.cohort.pk)]
    environment = {**os.environ, "DATABASE_URL": address, "LOG_LEVEL": "ERROR"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it takes the job
        yield process


def _wait_until_writing() -> None:
    from django.db import connection

    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
                " AND pid <> pg_backend_pid() AND query LIKE '%%WITH incoming AS%%'"
            )
            if cursor.fetchone()[0]:
                return
    raise RuntimeError("the worker wrote nothing within a minute")


def work(cohort: int) -> None:
    """A worker's process: says that it takes the job, does it, and says how many seconds that took."""
    import django

    django.setup()
    from apps.bots.services import step_cohort
    from apps.engine.warm import warm

    warm()  # as every worker does before it takes jobs
    print("taken", flush=True)
    began, busy = time.perf_counter(), time.process_time()
    step_cohort(cohort)
    print(time.process_time() - busy, time.perf_counter() - began, flush=True)


def measure_bots(address: str, bots: int = BOTS) -> dict[str, Any]:
    """Needs a migrated database of its own (`benchmarks.servers`), whose address is given."""
    few, many = Fleet("few", FEW), Fleet("many", bots)
    few.join()
    joined = many.join()
    found: dict[str, Any] = {"joined": joined}
    few_rows = [few.bar() for _ in range(len(few.bars) - WARM)]
    many.bar()  # the first one compiles and fills caches
    found["rows"] = [many.bar() for _ in range(BARS - 1)]
    rest = [many.bar() for _ in range(SINKING)]
    found["all"] = {}
    for name in ("all ask", "all are filled", "all are stopped"):
        before = _rows()
        found["all"][name] = row = many.bar()
        row["bare"] = _bare({table: count - before[table] for table, count in _rows().items()})
        rest.append(row)
    rest += [many.bar() for _ in range(SINKING + 2)]
    found["statements"] = tuple(
        max(row["statements"] for row in rows) for rows in (few_rows, [*found["rows"], *rest])
    )
    found["killed"] = _killed(many, address)
    return found


def measure() -> None:
    """Print the times and the goals. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database

    heading(f"One closed bar for {BOTS:,} running bots, from its announcement to the commit")
    with databases() as environment:
        os.environ.update(environment)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database() as address:
            found = measure_bots(address)
    rows = found["rows"]
    busy = [row for row in rows if row["decisions"]]
    few, many = found["statements"]
    print(f"all of them warmed up with {WARM} bars: {found['joined']:.2f} s")
    for name, some in (("bars", rows), ("of these with decisions", busy)):
        seconds, decisions = (
            statistics.median(row[what] for row in some) for what in ("seconds", "decisions")
        )
        print(f"{len(some)} {name}: median {seconds:.3f} s, {decisions:,.0f} decisions")
    busiest = max(rows, key=lambda row: row["seconds"])
    print(f"the slowest of them, {busiest['decisions']:,} decisions: {busiest['seconds']:.3f} s")
    for name, row in found["all"].items():
        ratio = row["seconds"] / row["bare"]
        print(
            f"{name} on one bar, {row['decisions']:,} decisions: {row['seconds']:.3f} s, "
            f"{row['job']:.3f} s with all who are told (own processor time {row['busy']:.3f} s); "
            f"a bare insert of its rows {row['bare']:.3f} s, {ratio:.2f} times that"
        )
    killed = found["killed"]
    print(
        f"all are stopped, killed: {killed['before']:,} decisions left behind, {killed['decisions']:,} by the next "
        f"(own processor time {killed['busy']:.2f} s)"
    )
    print(f"statements of the busiest: {few} with {FEW} bots, {many} with {BOTS:,}")
    goal("a bar with decisions, median", statistics.median(row["seconds"] for row in busy), 1, " s")
    goal("the worst bar: all at once", max(row["seconds"] for row in found["all"].values()), 1, " s")
    goal("the engine's part, median", 1e3 * statistics.median(row["engine"] for row in rows), 5, " ms")
    goal("statements more with all bots than with few", many - few, 0)
    goal("the killed worker's bar by the next one", killed["seconds"], 5, " s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        work(int(sys.argv[1]))
    else:
        measure()
