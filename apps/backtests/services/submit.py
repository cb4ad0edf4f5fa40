"""Asking for a backtest, and taking the question back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from apps.accounts.models import User, Workspace
from apps.backtests.choices import Fill, Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Backtest
from apps.backtests.rules import identity_of
from apps.billing.services import release, reserve
from apps.core.jobs import enqueue_on_commit
from apps.core.live import push_on_commit
from apps.engine.lang import FormulaError, Program, compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.version import ENGINE_VERSION
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import Formula
from apps.journal.services import record
from apps.markets.models import BarSet

UNFINISHED_OR_DONE = (Status.QUEUED, Status.RUNNING, Status.DONE)


@dataclass(frozen=True)
class BacktestRequest:
    """What a trader asks for. Ratios are fractions; `cash` is in the instrument's quote currency."""

    text: str
    bar_set: BarSet
    name: str = "Untitled formula"
    formula: Formula | None = None
    cash: float = 10_000.0
    fee: float = 0.001
    slippage_bps: float = 0.0
    fill: str = Fill.NEXT_OPEN
    start: date | None = None
    end: date | None = None
    inputs: dict[str, Any] = field(default_factory=dict)


def submit_backtest(workspace: Workspace, request: BacktestRequest, *, actor: User) -> tuple[Backtest, bool]:
    """Store the question and queue it; returns the run and whether it is new.

    A question asked before is answered with the run it got then, at no cost.
    Raises InvalidFormula, CannotBacktest, QuotaExceeded; then nothing is stored.
    """
    program = _compile(request)
    if request.start and request.end and request.start > request.end:
        raise CannotBacktest("The start lies after the end.", field="start")
    if not (request.start or request.end):  # how many bars a span holds is known when it is read
        refusal = run_refusal(program, request.bar_set.bars)
        if refusal:
            raise CannotBacktest(f"{refusal[0].upper()}{refusal[1:]}.", field="text")
    parameters = {
        "cash": request.cash,
        "fee": request.fee,
        "slippage_bps": request.slippage_bps,
        "fill": str(request.fill),
        "inputs": program.inputs,
    }
    identity = identity_of(
        formula_hash=program.formula_hash,
        data_hash=request.bar_set.content_hash,
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
        created_by=actor,
        formula_name=request.name,
        formula_text=request.text,
        formula_hash=program.formula_hash,
        data_hash=request.bar_set.content_hash,
        parameters=parameters,
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
            enqueue_on_commit("backtests.run_backtest", backtest_id=backtest.pk)
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


def _compile(request: BacktestRequest) -> Program:
    try:
        program = compile_formula(request.text, request.inputs or None)
    except FormulaError as error:
        raise InvalidFormula([item.as_dict() for item in error.errors]) from error
    if not program.has_orders:
        raise CannotBacktest(
            "The formula only alerts: a backtest needs at least one “long when” or “short when”.",
            field="text",
        )
    return program


@transaction.atomic
def cancel_backtest(backtest: Backtest, *, actor: User) -> None:
    """Stop a run. One still queued ends here; a running one is told and ends at its next step."""
    row = Backtest.objects.select_for_update().get(pk=backtest.pk)
    if row.is_finished or row.cancel_requested:
        return
    row.cancel_requested = True
    if row.status == Status.QUEUED:
        row.status = Status.CANCELLED
        release(row.meter_key)
        push_on_commit(row.live_group, {"kind": "finished", "status": row.status})
    row.save(update_fields=["cancel_requested", "status", "updated_at"])
    record(actor=actor, workspace=row.workspace, action="backtests.backtest.cancelled", target=row)


@transaction.atomic
def delete_backtest(backtest: Backtest, *, actor: User) -> None:
    """Remove a finished run and its files."""
    if not backtest.is_finished:
        raise CannotBacktest("Cancel the run before deleting it.", status=409)
    record(actor=actor, workspace=backtest.workspace, action="backtests.backtest.deleted", target=backtest)
    paths = [backtest.trades_path, backtest.equity_path, backtest.result_path]
    backtest.delete()
    transaction.on_commit(lambda: delete_files(paths))


def delete_files(paths: list[str]) -> None:
    """Remove result files from storage; those that are gone already are fine."""
    for path in filter(None, paths):
        default_storage.delete(path)
