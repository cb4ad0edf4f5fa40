"""Putting a sweep's cells together: the whole table, the best cells, their neighbourhood, and how overfitted they are.

Nothing here depends on the ledger or on the clock: the same sweep gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.core.files.storage import default_storage

from apps.backtests.models import Sweep, SweepMarket
from apps.backtests.services.storage import parquet_bytes
from apps.backtests.services.sweep_cells import SettingsPlan, settings_of
from apps.backtests.services.sweep_table import cell_of, returns_matrix
from apps.engine.honesty.errors import HonestyError
from apps.engine.honesty.overfitting import pbo
from apps.engine.result import canonical_json
from apps.engine.sweep import Cell, Plateau, SweepError, plateau

FEWEST_VARIANTS = 4  # to judge overfitting by
TOP = 10  # best cells named in the summary
HEADLINE = ("total_return", "cagr", "sharpe", "max_drawdown", "trades", "periods_per_year")


@dataclass(frozen=True)
class Whole:
    """What a sweep leaves: its files, the summary kept in the row, and its hashes."""

    cells: bytes
    result: bytes
    summary: dict[str, Any]
    hashes: dict[str, Any]


def assemble(sweep: Sweep, parts: Mapping[int, Sequence[str]]) -> Whole:
    """The whole of a sweep; `parts` names the chunks' files by market (its pk), in the order of the settings."""
    plan = settings_of(sweep)
    metric = sweep.spec["metric"]
    tables, results, summaries = [], [], []
    for market in sweep.markets.select_related("bar_set__instrument"):
        table, result, summary = _market(market, plan, metric, parts[market.pk])
        tables.append(table)
        results.append(result)
        summaries.append(summary)
    cells = pl.concat(tables, how="vertical_relaxed")
    hashes = {
        "formula": sweep.formula_hash,
        "engine": sweep.engine_version,
        "data": [table["hash_data"][0] for table in tables],
        "result": hashlib.sha256(canonical_json(cells["hash_result"].to_list())).hexdigest(),
    }
    result = {
        "formula": sweep.formula_text,
        "parameters": sweep.parameters,
        "spec": sweep.spec,
        "start": sweep.start.isoformat() if sweep.start else None,
        "end": sweep.end.isoformat() if sweep.end else None,
        "hashes": hashes,
        "markets": results,
    }
    with_best = [i for i, each in enumerate(summaries) if each["best"]]
    summary = {
        "metric": metric,
        "axes": [{"name": axis.name, "values": list(axis.values)} for axis in plan.axes],
        "settings": len(plan.settings),
        "cells": cells.height,
        "market": max(with_best, key=lambda i: summaries[i]["best"]["value"], default=0),
        "markets": summaries,
    }
    return Whole(parquet_bytes(cells), canonical_json(result) + b"\n", summary, hashes)


def _market(
    market: SweepMarket, plan: SettingsPlan, metric: str, paths: Sequence[str]
) -> tuple[pl.DataFrame, dict[str, Any], dict[str, Any]]:
    """One market's table, its part of the result file, and its part of the summary."""
    read = pl.concat([_read(path) for path in paths], how="vertical_relaxed")
    table = read.drop("returns")
    cells = [cell_of(row) for row in table.to_dicts()]
    found = _plateau(cells, plan, metric)
    table = table.with_columns(
        pl.lit(market.order).alias("market"), pl.Series("score", found.scores, dtype=pl.Float64)
    ).select("market", "cell", "score", pl.exclude("market", "cell", "score"))
    order = _best_first(cells, metric)
    about = {
        "symbol": market.bar_set.instrument.symbol,
        "timeframe": market.bar_set.timeframe,
        "bar_set": str(market.bar_set.uuid),
    }
    judged = {
        "best": _named(cells, found.best, metric),
        "steadiest": _named(cells, found.steadiest, metric),
        "supported": found.supported,
        "overfitting": _overfitting(read["returns"].to_list()),
    }
    result = {
        **about,
        "instrument": market.instrument,
        "plateau": {key: getattr(found, key) for key in ("metric", "best", "steadiest", "supported")},
        "overfitting": judged["overfitting"],
        "cells": [
            {
                "cell": number,
                "inputs": cell.inputs,
                "metrics": cell.metrics,
                "counts": cell.counts,
                "moments": cell.moments,
                "score": score,
                "result": cell.hashes["result"],
            }
            for number, (cell, score) in enumerate(zip(cells, found.scores, strict=True))
        ],
    }
    return table, result, about | judged | {"top": [_named(cells, i, metric) for i in order[:TOP]]}


def _read(path: str) -> pl.DataFrame:
    with default_storage.open(path, "rb") as file:
        return pl.read_parquet(file.read())


def _plateau(cells: list[Cell], plan: SettingsPlan, metric: str) -> Plateau:
    """As the engine finds it; without scores where a draw comes from a grid too large to look at neighbours."""
    try:
        return plateau(cells, plan.axes, metric)
    except SweepError:
        order = _best_first(cells, metric)
        return Plateau(metric, [None] * len(cells), order[0] if order else None, False, None)


def _best_first(cells: list[Cell], metric: str) -> list[int]:
    """Numbers of the cells that have the metric, the best first, equals in the order of the settings."""
    known = [i for i, cell in enumerate(cells) if cell.metrics[metric] is not None]
    return sorted(known, key=lambda i: (-float(cells[i].metrics[metric] or 0.0), i))


def _named(cells: list[Cell], number: int | None, metric: str) -> dict[str, Any] | None:
    if number is None:
        return None
    cell = cells[number]
    return {
        "cell": number,
        "inputs": cell.inputs,
        "value": cell.metrics[metric],
        "metrics": {name: cell.metrics[name] for name in HEADLINE},
        "moments": cell.moments,
    }


def _overfitting(returns: list[list[float]]) -> dict[str, Any]:
    """The probability of backtest overfitting by CSCV, or why it cannot be told."""
    if len(returns) < FEWEST_VARIANTS:
        return {"refused": f"it takes at least {FEWEST_VARIANTS} settings to tell"}
    try:
        return pbo(returns_matrix(returns)).as_dict()
    except HonestyError as error:
        return {"refused": str(error)}
