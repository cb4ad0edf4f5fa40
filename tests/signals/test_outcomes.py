"""What the market did after a signal: hand-made bars, a hand-made table, and nothing seen ahead of its time."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from apps.accounts.models import User, Workspace
from apps.engine.bars import Bars
from apps.markets.services import store_bars
from apps.signals.choices import Unmeasured
from apps.signals.measuring import Measured, measure
from apps.signals.models import AlertSource, Signal, SignalOutcome
from apps.signals.selectors.performance import PerformanceFilter, groups_of, total_of
from apps.signals.services import create_source, measure_outcomes, process_alerts
from apps.signals.wilson import wilson
from tests.signals.test_processing import store

BEGIN = datetime(2026, 11, 2, 10, tzinfo=UTC)  # a Monday
NOW = BEGIN + timedelta(days=3)
MINUTE, HOUR = 60_000, 3_600_000

# close, high and low of the hours from 10:00 on: what a trader would read off the chart
HOURS = [(100, 101, 99), (102, 103, 100), (101, 104, 100), (105, 106, 101), (110, 112, 104), (108, 111, 107)]


def hours(
    rows: list[tuple[float, float, float]] = HOURS, *, begin: datetime = BEGIN, step: int = HOUR
) -> Bars:
    close, high, low = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    time = int(begin.timestamp() * 1000) + np.arange(len(rows), dtype=np.int64) * step
    opens = np.concatenate([[100.0], close[:-1]])
    return Bars(time, opens, high, low, close, np.ones(len(rows)), timeframe_ms=step, symbol="BTCUSDT")


def ask(bars: Bars, at: datetime, horizon_s: int, *, buy: bool = True, price: float | None = 100.0):
    return measure(bars, received_ms=int(at.timestamp() * 1000), horizon_s=horizon_s, is_buy=buy, price=price)


# Received 3 s after the bar that closed at 100 (11:00). One hour later: close 102, high 103, low 100. Four hours later, at
# 15:00: close 110, highest 112, lowest 100.
@pytest.mark.parametrize(
    ("horizon_s", "buy", "change", "best", "worst", "until"),
    [
        (3_600, True, 0.02, 0.03, 0.0, 12),
        (3_600, False, -0.02, 0.0, -0.03, 12),
        (14_400, True, 0.10, 0.12, 0.0, 15),
        (14_400, False, -0.10, 0.0, -0.12, 15),
    ],
)
def test_the_hand_made_table(horizon_s: int, buy: bool, change: float, best: float, worst: float, until: int):
    found = ask(hours(), BEGIN + timedelta(hours=1, seconds=3), horizon_s, buy=buy)
    assert isinstance(found, Measured)
    assert (found.change, found.best, found.worst) == pytest.approx((change, best, worst))
    assert found.exit_ms == int(BEGIN.replace(hour=until).timestamp() * 1000)


def test_without_a_price_the_last_close_before_the_signal_is_taken():
    found = ask(hours(), BEGIN + timedelta(hours=2, seconds=1), 3_600, price=None)
    assert isinstance(found, Measured)
    assert (found.entry_price, found.exit_price) == (102, 101)


def test_what_closes_after_the_horizon_changes_nothing():
    """Every bar that closes later, and the one under way at receipt, may be anything."""
    at = BEGIN + timedelta(hours=1, minutes=30)
    fine = [(100 + i * 0.01, 100.02 + i * 0.01, 99.9 + i * 0.01) for i in range(240)]
    before = ask(hours(fine, step=MINUTE), at, 3_600, price=100.9)
    wild = [row if i <= 149 else (1e6, 2e6, 1) for i, row in enumerate(fine)]
    assert isinstance(before, Measured)
    assert ask(hours(wild, step=MINUTE), at, 3_600, price=100.9) == before
    earlier = [(1e6, 2e6, 1) if i < 88 else row for i, row in enumerate(fine)]
    assert ask(hours(earlier, step=MINUTE), at, 3_600, price=100.9) == before


@pytest.mark.parametrize(
    ("at", "horizon_s", "price", "reason"),
    [
        (BEGIN + timedelta(hours=3, seconds=3), 14_400, 105, Unmeasured.NO_BARS),  # they end at 16:00
        (BEGIN - timedelta(hours=5), 3_600, 100, Unmeasured.NO_BARS),  # before the first
        (
            BEGIN + timedelta(hours=1, minutes=30),
            3_600,
            101,
            Unmeasured.COARSE,
        ),  # half an hour is not an hour
        (BEGIN + timedelta(hours=1, seconds=3), 3_600, 150, Unmeasured.OFF_MARKET),
        (BEGIN + timedelta(hours=1, seconds=3), 3_600, 50, Unmeasured.OFF_MARKET),
    ],
)
def test_what_cannot_be_said_has_a_reason(at: datetime, horizon_s: int, price: float, reason: Unmeasured):
    assert ask(hours(), at, horizon_s, price=price) is reason


def test_a_closed_market_is_not_an_unchanged_one():
    """Friday's last hour, asked on Monday: no bar closes near a day later."""
    friday = hours(begin=datetime(2026, 11, 6, 15, tzinfo=UTC))
    monday = hours(begin=datetime(2026, 11, 9, 10, tzinfo=UTC))
    both = Bars(
        *(np.concatenate([getattr(friday, n), getattr(monday, n)]) for n in ("time", "open", "high", "low", "close", "volume")),
        timeframe_ms=HOUR,
        symbol="BTCUSDT",
    )  # fmt: skip
    assert ask(both, datetime(2026, 11, 6, 20, 0, 3, tzinfo=UTC), 86_400, price=110) is Unmeasured.CLOSED


def test_wilson_is_that_of_the_published_table():
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    table = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (hits, count), (low, high) in table.items():
        assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)
    with pytest.raises(ValueError, match="is no share"):
        wilson(0, 0)


@pytest.fixture
def source(user: User, workspace: Workspace) -> AlertSource:
    return create_source(workspace, name="My alerts", actor=user)[0]


def signal(source: AlertSource, at: datetime, **fields: object) -> Signal:
    alert = store(
        source,
        id=f"{at.isoformat()} {fields}",
        **{"symbol": "BTCUSDT", "action": "buy", "price": 100} | fields,
    )
    process_alerts()
    made = Signal.objects.get(alert=alert)
    Signal.objects.filter(pk=made.pk).update(received_at=at)
    return made


def keep_bars(workspace: Workspace | None, user: User, bars: Bars, venue: str = "") -> None:
    store_bars(workspace, bars, actor=user, venue=venue)


def test_each_signal_gets_each_outcome_once_it_is_over(source: AlertSource, user: User, workspace: Workspace):
    keep_bars(workspace, user, hours())
    at = BEGIN + timedelta(hours=1, seconds=3)
    made = signal(source, at)
    signal(source, at, action="info")
    assert measure_outcomes(now=at + timedelta(minutes=59)) == 0
    assert measure_outcomes(now=at + timedelta(hours=2)) == 1
    assert measure_outcomes(now=at + timedelta(hours=2)) == 0
    assert measure_outcomes(now=NOW) == 2
    rows = {o.horizon_s: o for o in SignalOutcome.objects.filter(signal=made)}
    assert rows[3_600].change == pytest.approx(0.02)
    assert rows[14_400].change == pytest.approx(0.10)
    assert (rows[86_400].reason, rows[86_400].change) == (Unmeasured.NO_BARS, None)
    made.refresh_from_db()
    assert made.is_measured
    assert measure_outcomes(now=NOW) == 0


def test_the_clock_starts_at_receipt_whatever_time_an_alert_names(
    source: AlertSource, user: User, workspace: Workspace
):
    """One that dates itself an hour back fares like one that names no time."""
    keep_bars(workspace, user, hours())
    at = BEGIN + timedelta(hours=1, seconds=3)
    early = BEGIN.strftime("%Y-%m-%dT%H:%M:%SZ")
    honest = signal(source, at, price=None)
    dated = signal(source, at, price=None, bar_time=early, timestamp=early, timeframe="60")
    dated.refresh_from_db()
    assert (dated.bar_time, dated.emitted_at) == (BEGIN, BEGIN)
    measure_outcomes(now=NOW)
    fared = [
        list(
            one.outcomes.order_by("horizon_s").values_list(
                "horizon_s", "entry_price", "exit_at", "change", "reason"
            )
        )
        for one in (honest, dated)
    ]
    assert fared[0] == fared[1]
    assert fared[0][0][2] is not None, "it was measured at all"


def test_bars_that_come_later_mend_what_was_missing_and_nothing_else(
    source: AlertSource, user: User, workspace: Workspace
):
    at = BEGIN + timedelta(hours=1, seconds=3)
    made = signal(source, at)
    assert measure_outcomes(now=NOW) == 3
    assert set(made.outcomes.values_list("reason", flat=True)) == {Unmeasured.NO_INSTRUMENT}
    keep_bars(workspace, user, hours())
    assert measure_outcomes() == 3
    assert made.outcomes.get(horizon_s=3_600).change == pytest.approx(0.02)
    assert made.outcomes.get(horizon_s=86_400).reason == Unmeasured.NO_BARS
    keep_bars(workspace, user, hours([(close + 1, high + 1, low) for close, high, low in HOURS] * 6))
    assert measure_outcomes() == 1  # the day alone; what was measured stays though bars were corrected
    assert made.outcomes.get(horizon_s=3_600).change == pytest.approx(0.02)
    assert made.outcomes.get(horizon_s=86_400).reason == ""


def test_own_bars_before_shared_ones_and_never_those_of_another_exchange_or_workspace(
    source: AlertSource, user: User, workspace: Workspace, stranger: User
):
    at = BEGIN + timedelta(hours=1, seconds=3)
    double = hours([(2 * close, 2 * high, 2 * low) for close, high, low in HOURS])
    keep_bars(stranger.owned_workspaces.get(), stranger, hours())
    alone = signal(source, at)
    measure_outcomes(now=NOW)
    assert alone.outcomes.filter(reason=Unmeasured.NO_INSTRUMENT).count() == 3
    keep_bars(None, user, double, venue="KRAKEN")
    other = signal(source, at, exchange="BINANCE")
    on_it = signal(source, at, exchange="KRAKEN", price=200)
    measure_outcomes(now=NOW)
    assert other.outcomes.get(horizon_s=3_600).reason == Unmeasured.NO_INSTRUMENT
    assert on_it.outcomes.get(horizon_s=3_600).change == pytest.approx(0.02)
    keep_bars(workspace, user, hours())
    later = signal(source, at + timedelta(seconds=1))
    measure_outcomes(now=NOW)
    assert later.outcomes.get(horizon_s=3_600).entry_price == 100


def test_the_number_of_statements_does_not_grow_with_the_signals(
    source: AlertSource, user: User, workspace: Workspace
):
    keep_bars(workspace, user, hours())

    def statements(count: int) -> int:
        for number in range(count):
            signal(source, BEGIN + timedelta(hours=1, seconds=3), strategy=f"{count} {number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert measure_outcomes(now=NOW) == 3 * count
        return len(queries)

    assert statements(2) == statements(20)


def outcome(made: Signal, change: float | None, **values: object) -> None:
    """A row of the hand-made table."""
    SignalOutcome.objects.create(
        signal=made,
        horizon_s=14_400,
        change=change,
        reason="" if change is not None else Unmeasured.NO_BARS,
        measured_at=NOW,
        **values,
    )


def test_the_page_counts_as_by_hand_and_tells_no_share_under_thirty(
    web: Client, api: APIClient, source: AlertSource, user: User, workspace: Workspace
):
    few = create_source(workspace, name="Few", actor=user)[0]
    now = datetime.now(UTC)
    for number in range(40):  # 26 of 40 up; returns -0.013 to 0.026 in steps of 0.001
        made = signal(source, now - timedelta(hours=number + 5), strategy=str(number))
        outcome(made, (number - 13) / 1000, best=0.03, worst=-0.02)
    for number in range(29):
        made = signal(few, now - timedelta(hours=5), strategy=str(number))
        outcome(made, 0.01, best=0.02, worst=0.0)
    outcome(signal(few, now - timedelta(hours=5), strategy="x"), None)
    chosen = PerformanceFilter(days=90)
    first, second = groups_of(workspace, chosen)
    assert (first.name, first.count, first.hits, first.missing) == ("My alerts", 40, 26, 0)
    assert first.share == 26 / 40
    assert (first.low, first.high) == pytest.approx((0.4951, 0.7787), abs=5e-5)
    assert (first.mean, first.median) == pytest.approx((0.0065, 0.0065))
    assert (first.best, first.worst) == pytest.approx((0.03, -0.02))
    assert (second.name, second.count, second.missing, second.share, second.low) == ("Few", 29, 1, None, None)
    assert total_of(workspace, chosen).count == 69
    page = web.get(reverse("signals:performance")).content.decode()
    assert "65\u202f%" in page
    assert "under 30" in page
    assert "No bars of that time" in page
    narrowed = web.get(reverse("signals:performance"), {"source": few.uuid, "days": "7", "by": "symbol"})
    assert "from 30 outcomes on" in narrowed.content.decode()
    answer = api.get("/api/v1/signals/performance/", {"by": "source", "horizon": 14400}).json()
    assert [group["share"] for group in answer["groups"]] == [0.65, None]
    assert answer["total"]["count"] == 69
    assert api.get("/api/v1/signals/performance/", {"horizon": 5}).status_code == 400
    file = b"".join(web.get(reverse("signals:performance-export"), {"source": source.uuid}).streaming_content)
    rows = list(csv.DictReader(io.StringIO(file.decode())))
    assert len(rows) == 40
    assert float(rows[0]["change"]) == -0.013


def test_a_signals_page_and_api_tell_its_outcomes(
    web: Client, api: APIClient, source: AlertSource, user: User, workspace: Workspace
):
    keep_bars(workspace, user, hours())
    made = signal(source, BEGIN + timedelta(hours=1, seconds=3), price=str(Decimal("100")))
    measure_outcomes(now=NOW)
    page = web.get(reverse("signals:signal-detail", args=[made.uuid])).content.decode()
    assert "10.00\u202f%" in page
    assert "Not measured: no bars of that time" in page
    rows = api.get(f"/api/v1/signals/{made.uuid}/outcomes/").json()["outcomes"]
    assert [row["horizon_s"] for row in rows] == [3_600, 14_400, 86_400]
    assert rows[1]["change"] == pytest.approx(0.1)


def test_groups_of_one_size_stand_in_one_order(source: AlertSource, user: User, workspace: Workspace):
    """Also where two sources have the same name."""
    keep_bars(workspace, user, hours())
    twin = create_source(workspace, name=source.name, actor=user)[0]
    at = BEGIN + timedelta(hours=1, seconds=3)
    for number, one in enumerate((twin, source, twin, source)):
        signal(one, at, strategy=f"S{number}")
    measure_outcomes(now=NOW)
    chosen = PerformanceFilter(horizon_s=3_600, by="source")
    with CaptureQueriesContext(connection) as queries:
        assert [group.count for group in groups_of(workspace, chosen)] == [2, 2]
    assert "ORDER BY 3 DESC, 1 ASC, 2 ASC" in queries[-1]["sql"], "number, then name, then the source itself"
