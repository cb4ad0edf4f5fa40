"""Asking for a backtest, and taking the question back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.backtests.choices import Fill, Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.kept_words import refusal_in_words
from apps.backtests.models import Backtest
from apps.backtests.rules import identity_of
from apps.backtests.selectors import finer_bar_set_for, lineage_of_text
from apps.backtests.services.jobs import cancel, queue, queue_key_of
from apps.backtests.services.storage import delete_files
from apps.billing.services import reserve
from apps.core.words import gettext_lazy
from apps.engine.lang import FormulaError, Program, compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.version import ENGINE_VERSION
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import Formula
from apps.journal.services import record
from apps.markets.models import BarSet
from apps.markets.selectors import slippage_of

UNFINISHED_OR_DONE = (Status.QUEUED, Status.RUNNING, Status.DONE)


@dataclass(frozen=True)
class BacktestRequest:
    """What a trader asks for. Ratios are fractions; `cash` is in the instrument's quote currency."""

    text: str
    bar_set: BarSet
    name: str = gettext_lazy("Untitled formula")
    formula: Formula | None = None
    cash: float = 10_000.0
    fee: float = 0.001
    slippage_bps: float | None = 0.0  # None: as the workspace's own orders measured it, else 0
    slippage_from: str = ""  # in words, where it was measured
    fill: str = Fill.NEXT_OPEN
    start: date | None = None
    end: date | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    borrow_per_day: float = 0.0
    funding_per_day: float = 0.0
    use_finer: bool = True  # let bars of a finer timeframe decide what a bar leaves open


def submit_backtest(workspace: Workspace, request: BacktestRequest, *, actor: User) -> tuple[Backtest, bool]:
    """Store the question and queue it; returns the run and whether it is new.

    A question asked before is answered with the run it got then, at no cost.
    Raises InvalidFormula, CannotBacktest, QuotaExceeded; then nothing is stored.
    """
    program = _compile(request)
    if request.start and request.end and request.start > request.end:
        raise CannotBacktest(gettext("The start lies after the end."), field="start")
    if not (request.start or request.end):  # how many bars a span holds is known when it is read
        refusal = run_refusal(program, request.bar_set.bars)
        if refusal:
            raise CannotBacktest(refusal_in_words(f"{refusal}."), field="text")
    instrument = request.bar_set.instrument
    slippage, words = _slippage(workspace, request)
    parameters = {
        "cash": request.cash,
        "fee": request.fee,
        "slippage_bps": slippage,
        "fill": str(request.fill),
        "tick": float(instrument.tick_size),
        "lot": float(instrument.lot_size),
        "min_size": float(instrument.min_size),
        "min_notional": float(instrument.min_notional),
        "borrow_per_day": request.borrow_per_day,
        "funding_per_day": request.funding_per_day,
        "inputs": program.inputs,
    }
    finer = (
        finer_bar_set_for(request.bar_set, workspace) if request.use_finer and needs_finer(program) else None
    )
    identity = identity_of(
        formula_hash=program.formula_hash,
        data_hash=request.bar_set.content_hash + (finer.content_hash if finer else ""),
        start=request.start.isoformat() if request.start else "",
        end=request.end.isoformat() if request.end else "",
        parameters=parameters,
        engine=ENGINE_VERSION,
    )
    known = _known(workspace, identity)
    if known:
        return known, False
    backtest = Backtest(
        workspace=workspace,
        formula=request.formula,
        bar_set=request.bar_set,
        finer_bar_set=finer,
        created_by=actor,
        queue_key=queue_key_of(workspace),
        work_total=request.bar_set.bars,
        lineage=request.formula.uuid if request.formula else lineage_of_text(workspace, program.formula_hash),
        formula_name=request.name,
        formula_text=request.text,
        formula_hash=program.formula_hash,
        data_hash=request.bar_set.content_hash,
        parameters=parameters,
        slippage_from=words,
        start=request.start,
        end=request.end,
        engine_version=ENGINE_VERSION,
        identity=identity,
    )
    try:
        with transaction.atomic():
            backtest.save()
            reserve(workspace, "backtests", key=backtest.meter_key)
            record(
                actor=actor,
                workspace=workspace,
                action="backtests.backtest.submitted",
                target=backtest,
                changes={"formula": program.formula_hash, "data": backtest.data_hash, **parameters},
            )
            queue(backtest)
    except IntegrityError:  # the same question came in at the same moment, and won
        known = _known(workspace, identity)
        if known is None:
            raise
        return known, False
    return backtest, True


def _known(workspace: Workspace, identity: str) -> Backtest | None:
    return Backtest.objects.filter(
        workspace=workspace, identity=identity, status__in=UNFINISHED_OR_DONE
    ).first()


def _slippage(workspace: Workspace, request: BacktestRequest) -> tuple[float, str]:
    if request.slippage_bps is not None:
        return request.slippage_bps, request.slippage_from
    measured = slippage_of(workspace, request.bar_set.instrument)
    return (0.0, "") if measured is None else (float(measured.bps), measured.words)


def _compile(request: BacktestRequest) -> Program:
    try:
        program = compile_formula(request.text, request.inputs or None)
    except FormulaError as error:
        raise InvalidFormula([item.as_dict() for item in error.errors]) from error
    if not program.has_orders:
        raise CannotBacktest(
            gettext("The formula only alerts: a backtest needs at least one “long when” or “short when”."),
            field="text",
        )
    return program


def needs_finer(program: Program) -> bool:
    """Whether two protective orders can lie inside one bar, so that finer bars have something to decide."""
    plan = program.plan
    return plan.target is not None and (plan.stop is not None or plan.trail is not None)


def cancel_backtest(backtest: Backtest, *, actor: User) -> None:
    """Stop a run at once; one that has ended stays as it is."""
    cancel(backtest, actor=actor)


@transaction.atomic
def delete_backtest(backtest: Backtest, *, actor: User) -> None:
    """Remove a finished run and its files. What was tried stays in the trial ledger."""
    if not backtest.is_finished:
        raise CannotBacktest(gettext("Cancel the run before deleting it."), status=409)
    record(actor=actor, workspace=backtest.workspace, action="backtests.backtest.deleted", target=backtest)
    paths = [backtest.trades_path, backtest.equity_path, backtest.result_path]
    backtest.delete()
    transaction.on_commit(lambda: delete_files(paths))
