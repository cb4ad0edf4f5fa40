"""Running a sweep's chunks in the workers: compute, store, and let the last one put all together."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest
from apps.backtests.models import Sweep, SweepChunk, SweepMarket
from apps.backtests.selectors import cut_to_dates
from apps.backtests.services.jobs import Progress, announce_end, finish
from apps.backtests.services.storage import delete_files, parquet_bytes, sha256_of, store
from apps.backtests.services.sweep_assemble import assemble
from apps.backtests.services.sweep_cells import settings_of
from apps.backtests.services.sweep_table import cells_table, returns_step
from apps.backtests.services.trials import TrialRow, append_trials
from apps.billing.services import settle
from apps.engine.bars import Bars
from apps.engine.sim.spec import SimParams
from apps.engine.sweep import Cell, SweepError, run_cells
from apps.journal.services import record
from apps.markets.services import load_bars


def run_claimed_chunk(chunk: SweepChunk, progress: Progress) -> None:
    """Compute and store the cells of a chunk this worker holds."""
    sweep = Sweep.objects.select_related("workspace").get(pk=chunk.sweep_id)
    Sweep.objects.filter(pk=sweep.pk, status=Status.QUEUED).update(
        status=Status.RUNNING, started_at=timezone.now()
    )
    market = SweepMarket.objects.select_related("bar_set__instrument", "finer_bar_set__instrument").get(
        pk=chunk.market_id
    )
    bars = cut_to_dates(load_bars(market.bar_set), sweep.start, sweep.end)
    if len(bars) < 2:
        raise CannotBacktest(
            gettext("There are fewer than two bars of {bar_set} between these dates.").format(
                bar_set=market.bar_set
            )
        )
    settings = settings_of(sweep).settings
    finer = market.finer_bar_set
    try:
        cells = run_cells(
            sweep.formula_text,
            bars,
            settings[chunk.first : chunk.last],
            SimParams(**sweep.parameters, **market.instrument),
            finer=cut_to_dates(load_bars(finer), sweep.start, sweep.end) if finer else None,
            progress=progress.report,
            should_cancel=progress.should_cancel,
            with_returns=True,
        )
    except SweepError as error:
        raise CannotBacktest(str(error)) from error
    _finish(sweep, chunk, cells, bars, len(settings))


def _finish(sweep: Sweep, chunk: SweepChunk, cells: list[Cell], bars: Bars, settings: int) -> None:
    """The chunk's file, then its end; the chunk that ends last ends the sweep with it, in one transaction.

    Were the chunk done before the sweep is put together, a worker killed between the two would leave a sweep that
    nobody takes up.
    """
    table = cells_table(cells, chunk.first, returns_step(bars, settings))
    path = store(f"sweeps/{sweep.uuid}/{chunk.number}-{chunk.attempts}.parquet", parquet_bytes(table))
    with transaction.atomic():
        Sweep.objects.select_for_update().get(pk=sweep.pk)
        others = sweep.chunks.exclude(pk=chunk.pk)
        if others.exclude(status=Status.DONE).exists():
            _end_chunk(sweep, chunk, cells, path)
            return
    # All others are done, so nobody else comes this way, and nothing is locked meanwhile.
    paths = dict(others.values_list("number", "cells_path")) | {chunk.number: path}
    whole = assemble(sweep, _by_market(sweep, paths))
    folder = f"sweeps/{sweep.uuid}/whole-{chunk.attempts}"
    cells_path = store(f"{folder}/cells.parquet", whole.cells)
    result_path = store(f"{folder}/result.json", whole.result)
    with transaction.atomic():
        Sweep.objects.select_for_update().get(pk=sweep.pk)
        if not _end_chunk(sweep, chunk, cells, path):
            return
        sweep.chunks.update(cells_path="")
        Sweep.objects.filter(pk=sweep.pk).update(
            status=Status.DONE,
            finished_at=timezone.now(),
            work_done=sweep.work_total,
            cells_path=cells_path,
            summary=whole.summary,
            hashes=whole.hashes,
            result_hash=whole.hashes["result"],
            result_path=result_path,
            result_sha256=sha256_of(whole.result),
        )
        settle(sweep.meter_key)
        record(
            actor=None,
            workspace=sweep.workspace,
            action="backtests.sweep.finished",
            target=sweep,
            changes={"result": whole.hashes["result"]},
        )
        announce_end(sweep, Status.DONE)
        transaction.on_commit(lambda: delete_files(paths.values()))


def _by_market(sweep: Sweep, paths: dict[int, str]) -> dict[int, list[str]]:
    """The chunks' files by market, in the order of the settings."""
    found: dict[int, list[str]] = {}
    for number, market in sweep.chunks.order_by("number").values_list("number", "market_id"):
        found.setdefault(market, []).append(paths[number])
    return found


def _end_chunk(sweep: Sweep, chunk: SweepChunk, cells: list[Cell], path: str) -> bool:
    """Mark the chunk done and enter its cells in the ledger; False where it is no longer this worker's."""
    if not finish(chunk, work_total=len(cells), work_done=len(cells), cells_path=path):
        return False
    append_trials(
        sweep.lineage, sweep.workspace.uuid, sweep.kind, sweep.engine_version, map(trial_of_cell, cells)
    )
    return True


def trial_of_cell(cell: Cell) -> TrialRow:
    """What the ledger keeps of a cell: the same as of the backtest it equals."""
    moments = cell.moments
    total = cell.metrics["total_return"]
    return TrialRow(
        formula_hash=cell.hashes["formula"],
        data_hash=cell.hashes["data"],
        parameters_hash=cell.hashes["parameters"],
        sharpe=moments["sharpe"],
        skew=moments["skew"],
        kurtosis=moments["kurtosis"],
        periods=int(moments["periods"] or 0),
        total_return=None if total is None else float(total),
    )
