"""A formula over a span of bars: what it needs of bars before, what is trained on, and how a test is run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from apps.engine.bars import COLUMNS, Bars
from apps.engine.program.calendar import Timeframe, check_fits, periods
from apps.engine.program.errors import EvaluationError
from apps.engine.program.graph import NEVER
from apps.engine.program.program import Program
from apps.engine.result import check_simulation
from apps.engine.sim.run import Cancelled, SimResult, Trades, run
from apps.engine.sim.spec import EXIT, Orders, Protection, SimParams, SimulationError
from apps.engine.walk_forward.folds import Span


def look_back(program: Program, bars: Bars) -> int:
    """Bars before every condition and order of `program` can speak, those that its higher timeframes need included.

    It depends on the times of `bars` alone. Raises SimulationError where a higher timeframe does not fit them.
    """
    chart, plan = program.chart, program.plan
    longest = program.lookback
    uses = {use.ref: use for use in chart.frame_uses}
    refs = [watch.ref for watch in plan.watches]
    refs += [order.ref for order in (plan.stop, plan.target, plan.trail) if order and order.ref is not None]
    for ref in refs:
        for source, later in chart.values[ref].late.items():
            frame, graph = program.frames[uses[source].frame]
            first = graph.values[uses[source].inner].first
            if first < NEVER:  # its bars 0..first must have closed, and the bars may begin amid another
                longest = max(longest, (first + 2) * _bars_of(frame, bars) + later)
    return longest


def _bars_of(frame: Timeframe, bars: Bars) -> int:
    """How many of `bars` there are to a bar of `frame`, on average, rounded up."""
    try:
        check_fits(frame, bars.timeframe_ms)
    except EvaluationError as error:
        raise SimulationError(str(error), field="bars") from error
    period, _ = periods(bars.time, bars.timeframe_ms, bars.timezone, frame)
    return math.ceil(len(bars) / (1 + np.count_nonzero(np.diff(period))))


def joined(bars: Bars, spans: Sequence[Span]) -> Bars:
    """The bars of `spans` as one history, as if the market had been closed between them."""
    if len(spans) == 1:
        return bars.slice(*spans[0])
    return _rows(bars, np.concatenate([np.arange(*span) for span in spans]))


def inside(finer: Bars | None, bars: Bars) -> Bars | None:
    """Those of `finer` that lie inside one of `bars`."""
    if finer is None:
        return None
    at = np.searchsorted(bars.time, finer.time, side="right") - 1
    within = (at >= 0) & (finer.time < bars.time[at] + bars.timeframe_ms)
    return _rows(finer, within)


def _rows(bars: Bars, rows: np.ndarray) -> Bars:
    columns: dict[str, Any] = {name: getattr(bars, name)[rows] for name in ("time", *COLUMNS)}
    return replace(bars, **columns)


def run_span(
    program: Program,
    bars: Bars,
    span: Span,
    params: SimParams,
    finer: Bars | None = None,
    should_cancel: Callable[[], bool] | None = None,
) -> SimResult:
    """`program` trading the bars of `span` only, its indicators warmed by all bars before.

    The account begins flat with `params.cash` on the first bar of the span and is flat again on the last: at the
    close of the last bar but one an exit is asked for. No bar after the span is looked at.
    Raises SimulationError, Cancelled.
    """
    start, stop = span
    try:
        orders = program.evaluate(bars.slice(0, stop)).orders
    except EvaluationError as error:
        raise SimulationError(str(error), field="bars") from error
    if should_cancel and should_cancel():
        raise Cancelled
    flags = orders.flags[start:stop].copy()
    # It beats entries asked for at the same close; what is asked for at the last close is never filled.
    flags[-2:-1] |= EXIT
    cut = replace(
        orders,
        flags=flags,
        stop=_cut(orders.stop, span),
        target=_cut(orders.target, span),
        trail=_cut(orders.trail, span),
    )
    traded = bars.slice(start, stop)
    simulation = run(traded, cut, params, finer=inside(finer, traded), should_cancel=should_cancel)
    check_simulation(simulation)
    return simulation


def stay_out(bars: Bars, span: Span, params: SimParams) -> SimResult:
    """An account that asks for nothing over the bars of `span`."""
    traded = bars.slice(*span)
    return run(traded, Orders(np.zeros(len(traded), np.uint8)), params)


def stitched(parts: Sequence[SimResult]) -> SimResult:
    """Runs over spans that follow one another, each begun with what the one before left, as one run."""
    offsets = np.cumsum([0, *(len(part.equity) for part in parts[:-1])])
    columns: dict[str, Any] = {}
    for each in fields(Trades):
        if each.name in ("bars", "at_close"):
            continue
        pieces = [getattr(part.trades, each.name) for part in parts]
        if each.name in ("entry_index", "exit_index"):
            pieces = [piece + offset for piece, offset in zip(pieces, offsets, strict=True)]
        columns[each.name] = np.concatenate(pieces)
    return replace(
        parts[-1],
        trades=Trades(**columns, bars=_one(parts), at_close=parts[-1].trades.at_close),
        open_trade=None,
        equity=np.concatenate([part.equity for part in parts]),
        time=np.concatenate([part.time for part in parts]),
        fees=sum(part.fees for part in parts),
        counts={name: sum(part.counts[name] for part in parts) for name in parts[-1].counts},
    )


def _one(parts: Sequence[SimResult]) -> Bars:
    """The bars of all parts as one history."""
    pieces = [part.trades.bars for part in parts]
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("time", *COLUMNS)
    }
    return replace(pieces[0], **columns)


def _cut(protection: Protection | None, span: Span) -> Protection | None:
    if protection is None or protection.series is None:
        return protection
    return replace(protection, series=protection.series[slice(*span)])
