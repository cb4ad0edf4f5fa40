"""Reads of sweeps and of the cells they found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.core.files.storage import default_storage
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.backtests.choices import Status
from apps.backtests.errors import CannotBacktest, NotReady
from apps.backtests.figures import label_of
from apps.backtests.models import Sweep, SweepMarket
from apps.backtests.selectors.trials import trials_of
from apps.core.kept import kept_in_words
from apps.core.manner import written
from apps.engine.honesty.luck import luck
from apps.engine.honesty.sharpe import Trials

INPUT = "input_"
HIDDEN = ("count_", "moment_", "hash_")
LINES = 1_500  # of parallel coordinates: more cannot be told apart
LOWER_IS_BETTER = ("max_drawdown", "volatility")
REST = ("best", "median")
SHOWN_METRICS = (
    "total_return", "cagr", "sharpe", "sortino", "calmar", "max_drawdown", "profit_factor", "win_rate", "trades",
    "expectancy", "sqn", "exposure", "volatility",
)  # fmt: skip


def sweeps_of(workspace: Workspace) -> QuerySet[Sweep]:
    """The workspace's sweeps, newest first, without the text a list does not show."""
    markets = SweepMarket.objects.select_related("bar_set__instrument", "finer_bar_set")
    return (
        Sweep.objects.filter(workspace=workspace)
        .select_related("formula", "workspace")
        .prefetch_related(Prefetch("markets", queryset=markets))
        .defer("formula_text")
        .order_by("-id")
    )


def cells_of(sweep: Sweep) -> pl.DataFrame:
    """A row per market and setting, in that order. Raises NotReady before there is a result."""
    if sweep.status != Status.DONE:
        raise NotReady(gettext("The sweep is {lower}.").format(lower=sweep.get_status_display().lower()))
    with default_storage.open(sweep.cells_path, "rb") as file:
        return pl.read_parquet(file.read())


def axes_of(sweep: Sweep) -> dict[str, list[Any]]:
    """The values of each input of a finished sweep, in the order in which the formula declares them."""
    return {axis["name"]: axis["values"] for axis in sweep.summary["axes"]}  # type: ignore[index]


def metric_columns(table: pl.DataFrame) -> list[str]:
    """The metrics of a table of cells, in its order."""
    others = ("market", "cell", "score")
    return [name for name in table.columns if name not in others and not name.startswith((INPUT, *HIDDEN))]


def column_of(table: pl.DataFrame, name: str) -> str:
    """The column an input, a metric, `score` or `cell` stands in. Raises CannotBacktest for an unknown name."""
    for column in (INPUT + name, name):
        if column in table.columns and not column.startswith(HIDDEN):
            return column
    raise CannotBacktest(
        gettext("The cells have no {name!r}: they have the inputs, score, and {join}.").format(
            name=name[:60], join=", ".join(metric_columns(table))
        ),
        field=name[:60],
    )


@dataclass(frozen=True)
class CellQuery:
    """Which cells, and in which order. `equal`, `low` and `high` are by input or metric; `order` may begin with -."""

    market: int | None = None
    order: str = ""
    equal: dict[str, str] = field(default_factory=dict)
    low: dict[str, float] = field(default_factory=dict)
    high: dict[str, float] = field(default_factory=dict)

    def of(self, table: pl.DataFrame) -> pl.DataFrame:
        """The rows asked for. Cells without the metric come last. Raises CannotBacktest for unknown names."""
        if self.market is not None:
            table = table.filter(pl.col("market") == self.market)
        for name, text in self.equal.items():
            table = table.filter(_equals(table, column_of(table, name), text))
        for name, bound in self.low.items():
            table = table.filter(_number(table, name) >= bound)
        for name, bound in self.high.items():
            table = table.filter(_number(table, name) <= bound)
        if self.order:
            column = column_of(table, self.order.removeprefix("-"))
            table = table.sort(
                column, descending=self.order.startswith("-"), nulls_last=True, maintain_order=True
            )
        return table


def _number(table: pl.DataFrame, name: str) -> pl.Expr:
    column = column_of(table, name)
    if not table.schema[column].is_numeric():
        raise CannotBacktest(
            gettext("{name} is not a number: give its value itself.").format(name=name), field=name
        )
    return pl.col(column)


def _equals(table: pl.DataFrame, column: str, text: str) -> pl.Expr:
    """Whether a value is the one that `text` writes: 3 and 3.0 alike, true and false in lower case."""
    if not table.schema[column].is_numeric():
        return pl.col(column).cast(pl.String) == text
    try:
        return pl.col(column) == float(text)
    except ValueError:
        return pl.lit(False)


def cell_page(sweep: Sweep, query: CellQuery, *, page: int, size: int) -> tuple[list[dict[str, Any]], int]:
    """One page of cells as {market, cell, inputs, metrics, score, result}, and how many there are in all."""
    table = query.of(cells_of(sweep))
    metrics = metric_columns(table)
    rows = table.slice((page - 1) * size, size).to_dicts()
    return [_row(row, metrics) for row in rows], table.height


def _row(row: dict[str, Any], metrics: list[str]) -> dict[str, Any]:
    return {
        "market": row["market"],
        "cell": row["cell"],
        "inputs": {name[len(INPUT) :]: value for name, value in row.items() if name.startswith(INPUT)},
        "metrics": {name: row[name] for name in metrics},
        "score": row["score"],
        "result": row["hash_result"],
    }


def heat_of(
    sweep: Sweep,
    *,
    market: int,
    x: str,
    y: str,
    metric: str,
    rest: str = "best",
    fixed: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A metric over two inputs of one market.

    Each field is the best or the median over the other inputs, those in `fixed` held at their value. `cells` names the
    cell behind each field (the best one); null where none was run.
    """
    axes = axes_of(sweep)
    for name in {x, y} - axes.keys():
        raise CannotBacktest(
            gettext("{name!r} was not varied: {join} were.").format(name=name[:60], join=", ".join(axes)),
            field="axis",
        )
    if rest not in REST:
        raise CannotBacktest(
            gettext("The other inputs are taken as {join}.").format(join=" or ".join(REST)), field="rest"
        )
    table = CellQuery(market=market, equal=fixed or {}).of(cells_of(sweep))
    value = column_of(table, metric)
    keys = list(dict.fromkeys([INPUT + x, INPUT + y]))
    ranked = table.sort(value, descending=metric not in LOWER_IS_BETTER, nulls_last=True, maintain_order=True)
    grouped = ranked.group_by(keys, maintain_order=True).agg(
        value=pl.col(value).first() if rest == "best" else pl.col(value).median(),
        cell=pl.col("cell").first(),
        tried=pl.len(),
    )
    rows, columns = (axes[y] if x != y else [None]), axes[x]
    found = {(row.get(INPUT + y) if x != y else None, row[INPUT + x]): row for row in grouped.to_dicts()}
    part = sweep.summary["markets"][market]  # type: ignore[index]
    marked = part["steadiest" if metric == "score" else "best"]
    return {
        "x": {"name": x, "values": columns},
        "y": {"name": y if x != y else "", "values": rows},
        "metric": metric,
        "metric_label": label_of(metric),
        "lower_is_better": metric in LOWER_IS_BETTER,
        "values": [[_get(found, (b, a), "value") for a in columns] for b in rows],
        "cells": [[_get(found, (b, a), "cell") for a in columns] for b in rows],
        "tried": [[_get(found, (b, a), "tried") or 0 for a in columns] for b in rows],
        "marked": marked and marked["cell"],
        "marked_as": gettext("Steadiest") if metric == "score" else gettext("Best by the ranking"),
        "supported": part["supported"] or metric == "score",
    }


def _get(found: dict[Any, dict[str, Any]], key: Any, name: str) -> Any:
    row = found.get(key)
    return None if row is None else row[name]


def parallel_of(sweep: Sweep, *, market: int) -> dict[str, Any]:
    """The varied inputs and the usual metrics of one market, a list per column; at most LINES cells.

    Where there are more, the best ones and, of the others, evenly many along the ranking.
    """
    metric = sweep.summary["metric"]  # type: ignore[index]
    table = CellQuery(market=market, order=f"-{metric}").of(cells_of(sweep))
    total = table.height
    if total > LINES:
        head = LINES // 3
        step = (total - head) / (LINES - head)
        table = table[[*range(head), *(head + int(i * step) for i in range(LINES - head))]]
    axes = axes_of(sweep)
    shown = [name for name in (metric, *SHOWN_METRICS) if name in table.columns]
    return {
        "inputs": [
            {"name": name, "values": table[INPUT + name].to_list(), "scale": values}
            for name, values in axes.items()
        ],
        "metrics": [
            {"name": name, "label": label_of(name), "values": table[name].to_list()}
            for name in dict.fromkeys(shown)
        ],
        "cells": table["cell"].to_list(),
        "ranked_by": metric,
        "total": total,
    }


def sweep_headline(sweep: Sweep, market: int | None = None) -> dict[str, Any]:
    """What a finished sweep says first about a market, the one with the best cell unless another is named.

    The verdict counts every variant of the formula tried so far, not this sweep's alone; it is read at each look.
    """
    summary: dict[str, Any] = sweep.summary  # type: ignore[assignment]
    number = summary["market"] if market is None else market
    part = summary["markets"][number]
    best = part["best"]
    tried = trials_of(sweep.lineage)
    verdict = None
    if best and best["metrics"]["periods_per_year"]:
        verdict = luck(
            best["moments"],
            Trials(max(tried.count, 1), tried.sharpe_variance),
            best["metrics"]["periods_per_year"],
        ).as_dict()
    return {
        "market": number,
        "part": part,
        "best": best,
        "tried": tried.count,
        "luck": verdict,
        "neighbours": _neighbours(sweep, part),
        "overfitting": part["overfitting"],
        "overfitting_words": _overfitting_words(part["overfitting"]),
        # more often than not the best of one half is poor in the other: that is said before anything kinder
        "overfits": part["overfitting"].get("probability", 0.0) > 0.5,
    }


def _neighbours(sweep: Sweep, part: dict[str, Any]) -> str:
    """Whether the best cell's neighbours agree with it, in words."""
    if part["best"] is None:
        return gettext("No cell has this metric, so there is no best one.")
    if part["supported"]:
        return gettext("Its neighbours agree: each lies within one standard deviation of it.")
    if sweep.spec["mode"] == "random":
        return gettext(
            "Not marked: of a random draw, not all its neighbours were tried, or one of them does much worse."
        )
    return gettext(
        "Not marked: at least one neighbour does worse by more than one standard deviation, or has no value."
    )


def _overfitting_words(found: dict[str, Any]) -> str:
    if "refused" in found:
        return gettext("How often this choice would have failed cannot be told: {found}.").format(
            found=kept_in_words(found["refused"])
        )
    share = f"{written(found['probability']):.0%}"
    return gettext(
        "Choosing the best of {found:,} settings on one half of the time did no better than the middle one on the "
        "other half in {share} of {found_2:,} splits."
    ).format(found=written(found["variants"]), share=share, found_2=written(found["splits"]))
