"""Whole strategies, indicators to trades: by hand, by the engine, by vectorbt and backtesting.py; and the report."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.result import run_backtest
from apps.engine.sim.run import SimResult, run
from apps.engine.sim.spec import SimParams
from apps.engine.stats.metrics import metrics_of
from benchmarks.formulas import CROSS, UT_BOT
from benchmarks.fused import ema_cross, ema_cross_with_stops, ut_bot
from benchmarks.measure import Way, goal, heading, medians
from benchmarks.peers import NotAvailable, Peer

ROUNDS = 7
RUNS = 1_000  # as announced by a sweep, so that loops that pay are compiled
FEW = 50_000  # bars for backtesting.py, which needs some 16 seconds for a million
SETTLED = 1_000  # bars after which the differently seeded averages of the peers have met ours
ONE_UNIT = {"size": 1, "cash": 1e9}  # all of equity would be too little for whole units after 20,000 fees
STOP, TARGET = 0.03, 0.06


class Fused:
    """A yardstick with its buffers: `loop` is given the bars' columns, the account and what to write to."""

    def __init__(
        self, bars: Bars, loop: Callable[..., int], columns: str, *settings: float, series: int = 0
    ) -> None:
        n = len(bars)
        self.equity, pnl = np.empty(n), np.empty(n)
        self.entries, self.exits = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
        params = SimParams()
        prices = [getattr(bars, name) for name in columns.split()]
        self.series = [np.empty(n) for _ in range(series)]
        self._run = lambda: loop(
            *prices,
            *settings,
            params.cash,
            params.fee,
            *self.series,
            self.equity,
            self.entries,
            self.exits,
            pnl,
        )

    def __call__(self) -> int:
        return self._run()

    def agrees_with(self, result: SimResult) -> bool:
        """Whether trades fall on the same bars, and the same equity results to 1e-9."""
        trades = self()
        return (
            np.array_equal(self.entries[:trades], result.trades.entry_index)
            and np.array_equal(self.exits[:trades], result.trades.exit_index)
            and np.allclose(self.equity, result.equity, rtol=1e-9, atol=0)
        )


@dataclass(frozen=True)
class Workload:
    """A strategy, its yardstick, and how the peers are asked for it."""

    name: str
    formula: str
    fused: Callable[[Bars], Fused]
    job: str
    options: dict[str, Any]
    over_vectorbt: float  # goal: how many times as fast


def ut_bot_by_hand(bars: Bars) -> Fused:
    return Fused(bars, ut_bot, "open high low close", 3.7, 10, 9, series=4)


WORKLOADS = (
    Workload(
        "EMA(9)/EMA(21) cross, long only",
        CROSS,
        lambda bars: Fused(bars, ema_cross, "open close", 9, 21),
        "ema_cross",
        {},
        20,
    ),
    Workload(
        "the same with stop 3 % and target 6 %",
        CROSS + "stop_loss 3%\ntake_profit 6%\n",
        lambda bars: Fused(bars, ema_cross_with_stops, "open high low close", 9, 21, STOP, TARGET),
        "ema_cross",
        {"stop": STOP, "target": TARGET},
        20,
    ),
    Workload("UT Bot, long and short", UT_BOT, ut_bot_by_hand, "ut_bot", {}, 10),
)


def measure(bars: Bars, with_peers: bool) -> bool:
    """Print the tables and the goals; whether all that were measured agree."""
    agree = True
    with ExitStack() as stack:
        peers = {}
        for name in ("vectorbt", "backtesting") if with_peers else ():
            try:
                peers[name] = stack.enter_context(Peer(name))
                peers[name].hold(bars if name == "vectorbt" else bars.slice(0, FEW))
            except NotAvailable as reason:
                print(f"not measured: {name}: {reason}")
        for workload in WORKLOADS:
            agree &= _measure(workload, bars, peers)
    _report(bars)
    return agree


def _measure(workload: Workload, bars: Bars, peers: dict[str, Peer]) -> bool:
    params = SimParams()
    program = compile_formula(workload.formula)
    program.prepare(runs=RUNS, bars=len(bars))
    orders = program.evaluate(bars).orders
    fused = workload.fused(bars)
    result = run(bars, orders, params)
    heading(f"{workload.name}, fee 0.1 %, {len(bars):,} minute bars, {len(result.trades):,} trades")
    agree = fused.agrees_with(result)
    print(f"The engine and the hand-fused loop {'agree' if agree else 'DISAGREE'} on trades and closes.")
    hand, both = "hand-fused loop of the same strategy", "engine: both"
    ways: dict[str, Way] = {
        hand: fused,
        "engine: indicators and signals": lambda: program.evaluate(bars),
        "engine: fills, equity, trades": lambda: run(bars, orders, params),
        both: lambda: run(bars, program.evaluate(bars).orders, params),
    }
    asked = ONE_UNIT | {"fee": params.fee} | workload.options
    if "vectorbt" in peers:
        peer = peers["vectorbt"]
        agree &= _same_trades("vectorbt", peer.run(workload.job, engine="numba", **asked), result, len(bars))
        for engine in ("numba", "rust"):
            ways[f"vectorbt {peer.version}, its {engine.capitalize()} kernels"] = (
                lambda peer=peer, engine=engine: peer.seconds(workload.job, engine=engine, **asked)  # type: ignore[misc]
            )
    took = medians(ways, ROUNDS)
    if "backtesting" in peers:
        peer = peers["backtesting"]
        agree &= _same_trades("backtesting.py", peer.run(workload.job, **asked), result, FEW)
        half, whole = (peer.seconds(workload.job, bars=count, **asked) for count in (FEW // 2, FEW))
        took[f"backtesting.py {peer.version}, by bar"] = whole / FEW * len(bars)
    _table(took, hand, len(bars))
    if "backtesting" in peers:
        print(
            f"backtesting.py took {whole:.2f} s for {FEW:,} bars and {half:.2f} s for half of them "
            f"({whole / half:.2f} times; 2 is linear)."
        )
    goal(
        "engine, indicators to trades, against the hand-fused loop",
        took[both] / took[hand],
        2,
        " times its time",
    )
    for name, seconds in took.items():
        if "Numba" in name:
            ratio = seconds / took[both]
            goal(
                "vectorbt's Numba kernels against the engine",
                ratio,
                workload.over_vectorbt,
                " times its time",
                at_least=True,
            )
        if name.startswith("backtesting"):
            goal(
                "backtesting.py against the engine",
                seconds / took[both],
                1_000,
                " times its time",
                at_least=True,
            )
    return agree


def _table(took: dict[str, float], hand: str, bars: int) -> None:
    width = max(map(len, took))
    print(f"{'':{width}}  {'ms':>9}  {'ns a bar':>9}  {'x fused':>8}")
    for name, seconds in took.items():
        print(
            f"{name:{width}}  {1000 * seconds:9.2f}  {1e9 * seconds / bars:9.1f}  {seconds / took[hand]:8.2f}"
        )


def _same_trades(name: str, theirs: dict[str, np.ndarray], ours: SimResult, bars: int) -> bool:
    """Whether the trades that began once averages have met, and ended within the peer's bars, fall on the same ones."""
    columns = []
    for trades in ({"entry_index": ours.trades.entry_index, "exit_index": ours.trades.exit_index}, theirs):
        chosen = (trades["entry_index"] >= SETTLED) & (trades["exit_index"] < bars)
        columns.append(np.stack([trades["entry_index"][chosen], trades["exit_index"][chosen]]))
    same = np.array_equal(*columns)
    print(
        f"{name} {'makes the same' if same else 'DISAGREES on'} {columns[1].shape[1]:,} trades from bar {SETTLED:,} on."
    )
    return same


def _report(bars: Bars) -> None:
    result = run_backtest(CROSS, bars)
    heading(f"What is said of a run with {len(bars):,} bars and {len(result.trades):,} trades")
    cash = result.params.cash
    parts: dict[str, Way] = {
        "metrics": lambda: metrics_of(replace(result.simulation), bars, cash),
        "report": lambda: replace(result).report,
        "honesty panel": lambda: replace(result).honesty,
    }

    def everything() -> None:
        fresh = replace(result)
        metrics_of(fresh.simulation, bars, cash)
        _ = fresh.report, fresh.honesty

    took = medians(parts | {"all three": everything}, ROUNDS)
    for name, seconds in took.items():
        print(f"{name:14}  {1000 * seconds:8.1f} ms")
    goal("metrics, report and honesty panel", 1000 * took["all three"], 300, " ms")
    whole = medians({"backtest": lambda: run_backtest(CROSS, bars)}, ROUNDS)["backtest"]
    print(f"a backtest from text to metrics, with the hashes of data and result: {1000 * whole:.0f} ms")
