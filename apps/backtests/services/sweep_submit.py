"""Asking for a sweep, stopping it, and taking it back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.backtests.choices import Fill, RankBy, SweepMode
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Sweep, SweepChunk, SweepMarket
from apps.backtests.rules import identity_of
from apps.backtests.selectors import finer_bar_set_for, lineage_of_text
from apps.backtests.services.jobs import cancel, queue, queue_key_of
from apps.backtests.services.storage import delete_folder
from apps.backtests.services.submit import UNFINISHED_OR_DONE, BacktestRequest, needs_finer, submit_backtest
from apps.backtests.services.sweep_cells import (
    SettingsPlan,
    check_size,
    chunk_bounds,
    corner_programs,
    plan_settings,
    settings_of,
    steps_of,
)
from apps.billing.services import reserve
from apps.core.words import gettext_lazy
from apps.engine.result import canonical_json
from apps.engine.version import ENGINE_VERSION
from apps.formulas.models import Formula
from apps.journal.services import record
from apps.markets.models import BarSet


@dataclass(frozen=True)
class SweepRequest:
    """What a trader asks for. `axes`: values by input, as in docs/sweeps.md; costs as in BacktestRequest."""

    text: str
    bar_sets: tuple[BarSet, ...]
    axes: dict[str, str] = field(default_factory=dict)
    name: str = gettext_lazy("Untitled formula")
    formula: Formula | None = None
    mode: str = SweepMode.GRID
    count: int | None = None  # of a random draw
    seed: int = 0
    metric: str = RankBy.SHARPE
    cash: float = 10_000.0
    fee: float = 0.001
    slippage_bps: float = 0.0
    fill: str = Fill.NEXT_OPEN
    start: date | None = None
    end: date | None = None
    borrow_per_day: float = 0.0
    funding_per_day: float = 0.0
    use_finer: bool = True


def plan_sweep(request: SweepRequest) -> tuple[SettingsPlan, list[tuple[int, int, int]]]:
    """The settings and the chunks of a sweep. Raises what `submit_sweep` does, and stores nothing."""
    if request.start and request.end and request.start > request.end:
        raise CannotBacktest(gettext("The start lies after the end."), field="start")
    plan = plan_settings(
        request.text, request.axes, mode=request.mode, count=request.count, seed=request.seed
    )
    programs = corner_programs(request.text, plan)
    check_size(plan, programs, request.bar_sets)
    steps = max(steps_of(program) for program in programs)
    return plan, chunk_bounds(len(plan.settings), [bar_set.bars for bar_set in request.bar_sets], steps)


def submit_sweep(workspace: Workspace, request: SweepRequest, *, actor: User) -> tuple[Sweep, bool]:
    """Store the question, its markets and chunks, and queue them; returns the sweep and whether it is new.

    It counts as one backtest of the plan; one that was asked before is answered with the sweep it got then, at no
    cost. Raises InvalidFormula, CannotBacktest, QuotaExceeded; then nothing is stored.
    """
    plan, chunks = plan_sweep(request)
    program = corner_programs(request.text, plan)[0]
    markets = [_market(workspace, request, bar_set, needs_finer(program)) for bar_set in request.bar_sets]
    parameters = {
        "cash": request.cash,
        "fee": request.fee,
        "slippage_bps": request.slippage_bps,
        "fill": str(request.fill),
        "borrow_per_day": request.borrow_per_day,
        "funding_per_day": request.funding_per_day,
    }
    spec = {
        "axes": request.axes,
        "mode": str(request.mode),
        "count": request.count if request.mode == SweepMode.RANDOM else None,
        "seed": request.seed if request.mode == SweepMode.RANDOM else 0,
        "metric": str(request.metric),
        "settings": len(plan.settings),
    }
    identity = identity_of(
        formula_hash=program.formula_hash,
        data_hash="".join(_data_hash(market) for market in markets),
        start=request.start.isoformat() if request.start else "",
        end=request.end.isoformat() if request.end else "",
        parameters=parameters
        | {
            "instruments": [market.instrument for market in markets],
            "settings": hashlib.sha256(canonical_json(plan.settings)).hexdigest(),
            "metric": str(request.metric),
        },
        engine=ENGINE_VERSION,
    )
    known = _known(workspace, identity)
    if known:
        return known, False
    sweep = Sweep(
        workspace=workspace,
        formula=request.formula,
        created_by=actor,
        queue_key=queue_key_of(workspace),
        lineage=request.formula.uuid if request.formula else lineage_of_text(workspace, program.formula_hash),
        formula_name=request.name,
        formula_text=request.text,
        formula_hash=program.formula_hash,
        parameters=parameters,
        spec=spec,
        start=request.start,
        end=request.end,
        engine_version=ENGINE_VERSION,
        identity=identity,
        work_total=len(plan.settings) * len(markets),
    )
    try:
        with transaction.atomic():
            sweep.save()
            reserve(workspace, "backtests", key=sweep.meter_key)
            _store_parts(sweep, markets, chunks)
            record(
                actor=actor,
                workspace=workspace,
                action="backtests.sweep.submitted",
                target=sweep,
                changes={"formula": program.formula_hash, **spec, **parameters},
            )
    except IntegrityError:  # the same question came in at the same moment, and won
        known = _known(workspace, identity)
        if known is None:
            raise
        return known, False
    return sweep, True


def _market(workspace: Workspace, request: SweepRequest, bar_set: BarSet, finer: bool) -> SweepMarket:
    instrument = bar_set.instrument
    return SweepMarket(
        bar_set=bar_set,
        finer_bar_set=finer_bar_set_for(bar_set, workspace) if finer and request.use_finer else None,
        instrument={
            "tick": float(instrument.tick_size),
            "lot": float(instrument.lot_size),
            "min_size": float(instrument.min_size),
            "min_notional": float(instrument.min_notional),
        },
    )


def _data_hash(market: SweepMarket) -> str:
    finer = market.finer_bar_set
    return market.bar_set.content_hash + (finer.content_hash if finer else "")


def _store_parts(sweep: Sweep, markets: list[SweepMarket], chunks: list[tuple[int, int, int]]) -> None:
    """The markets and the chunks of a sweep, and a message for each chunk."""
    for order, market in enumerate(markets):
        market.sweep, market.order = sweep, order
    SweepMarket.objects.bulk_create(markets)
    rows = SweepChunk.objects.bulk_create(
        SweepChunk(
            workspace=sweep.workspace,
            sweep=sweep,
            market=markets[market],
            number=number,
            first=first,
            last=last,
            queue_key=sweep.queue_key,
            work_total=last - first,
        )
        for number, (market, first, last) in enumerate(chunks)
    )
    for chunk in rows:
        queue(chunk)


def _known(workspace: Workspace, identity: str) -> Sweep | None:
    return Sweep.objects.filter(workspace=workspace, identity=identity, status__in=UNFINISHED_OR_DONE).first()


def open_cell(sweep: Sweep, market: SweepMarket, number: int, *, actor: User) -> tuple[Any, bool]:
    """Ask for exactly the run behind one cell, as a backtest with its whole report; see `submit_backtest`."""
    settings = settings_of(sweep).settings
    if not 0 <= number < len(settings):
        raise CannotBacktest(
            gettext("There is no setting {number}: they go from 0 to {value}.").format(
                number=number, value=len(settings) - 1
            ),
            field="cell",
        )
    parameters = sweep.parameters
    request = BacktestRequest(
        text=sweep.formula_text,
        bar_set=market.bar_set,
        name=sweep.formula_name,
        formula=sweep.formula,
        cash=parameters["cash"],
        fee=parameters["fee"],
        slippage_bps=parameters["slippage_bps"],
        fill=parameters["fill"],
        borrow_per_day=parameters["borrow_per_day"],
        funding_per_day=parameters.get("funding_per_day", 0.0),
        start=sweep.start,
        end=sweep.end,
        inputs=settings[number],
        use_finer=market.finer_bar_set is not None,
    )
    return submit_backtest(sweep.workspace, request, actor=actor)


def cancel_sweep(sweep: Sweep, *, actor: User) -> None:
    """Stop a sweep and its chunks at once; one that has ended stays as it is."""
    cancel(sweep, actor=actor)


@transaction.atomic
def delete_sweep(sweep: Sweep, *, actor: User) -> None:
    """Remove a finished sweep and its files. What was tried stays in the trial ledger."""
    if not sweep.is_finished:
        raise CannotBacktest(gettext("Cancel the sweep before deleting it."), status=409)
    record(actor=actor, workspace=sweep.workspace, action="backtests.sweep.deleted", target=sweep)
    folder = f"sweeps/{sweep.uuid}"
    sweep.delete()
    transaction.on_commit(lambda: delete_folder(folder))
