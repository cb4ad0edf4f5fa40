"""The lists of research."""

from __future__ import annotations

from typing import Any

from django.db.models import F, FloatField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Lower

from apps.backtests.choices import Status, TriedBy
from apps.backtests.services import delete_backtest, delete_portfolio, delete_sweep, delete_walk_forward
from apps.core.lists import Act, Column, Filter, Listing, Sort, pick, words
from apps.core.words import gettext_lazy

_FILTERS: tuple[Filter, ...] = (
    words(gettext_lazy("Formula or symbol")),
    pick("status", gettext_lazy("Any status"), Status.choices),
)
_RUN = Sort(gettext_lazy("Newest"), "pk", down=True, unique=True)
_FORMULA = Sort(gettext_lazy("Formula"), Lower("formula_name"))
_MARKET = Sort(gettext_lazy("Market"), Lower("bar_set__instrument__symbol"))
_STATUS = Sort(gettext_lazy("Status"), "status")


def _metric(label: str, name: str, column: str = "metrics") -> Sort:
    """By a figure of the result; runs that have none come last."""
    return Sort(label, Cast(KeyTextTransform(name, column), FloatField()), down=True, nullable=True)


def _figure(name: str) -> Column:
    return Column(name, lambda row: (row.metrics or {}).get(name))


_SIMULATED = Column("result", lambda row: "simulated")
_FIGURES = (_figure("total_return"), _figure("sharpe"), _figure("max_drawdown"), _figure("trades"))
_HEAD = (
    Column("uuid", lambda row: row.uuid),
    Column("formula", lambda row: row.formula_name),
)
_MARKET_COLUMNS = (
    Column("symbol", lambda row: row.bar_set.instrument.symbol),
    Column("timeframe", lambda row: row.bar_set.timeframe),
)
_TAIL = (Column("status", lambda row: row.status), Column("run_at", lambda row: row.created_at), _SIMULATED)


def _deleting(delete: Any, question: str, done: tuple[str, str]) -> tuple[Act, ...]:
    return (
        Act(
            "delete",
            gettext_lazy("Delete"),
            lambda row, request: delete(row, actor=request.user),
            done,
            icon="trash-2",
            question=question,
            danger=True,
        ),
    )


BACKTESTS = Listing(
    "backtests",
    filters=_FILTERS,
    sorts={
        "new": _RUN,
        "formula": _FORMULA,
        "market": _MARKET,
        "status": _STATUS,
        "return": _metric("Return", "total_return"),
        "sharpe": _metric("Sharpe", "sharpe"),
        "drawdown": _metric(gettext_lazy("Max drawdown"), "max_drawdown"),
        "trades": _metric("Trades", "trades"),
    },
    columns=(*_HEAD, *_MARKET_COLUMNS, *_FIGURES, *_TAIL),
    acts=_deleting(
        delete_backtest,
        gettext_lazy(
            "Delete the chosen backtests? Their reports are gone for good; what was tried stays in the ledger."
        ),
        (gettext_lazy("1 backtest is deleted."), gettext_lazy("{n} backtests are deleted.")),
    ),
    right="backtests.run",
)

SWEEPS = Listing(
    "sweeps",
    filters=_FILTERS,
    sorts={
        "new": _RUN,
        "formula": _FORMULA,
        "status": _STATUS,
        "cells": Sort(gettext_lazy("Cells"), F("work_total"), down=True),
    },
    columns=(*_HEAD, Column("cells", lambda row: row.work_total), *_TAIL),
    acts=_deleting(
        delete_sweep,
        gettext_lazy(
            "Delete the chosen sweeps? Their results are gone for good; what was tried stays in the ledger."
        ),
        (gettext_lazy("1 sweep is deleted."), gettext_lazy("{n} sweeps are deleted.")),
    ),
    right="backtests.run",
)

WALK_FORWARDS = Listing(
    "walk-forwards",
    filters=_FILTERS,
    sorts={"new": _RUN, "formula": _FORMULA, "market": _MARKET, "status": _STATUS},
    columns=(*_HEAD, *_MARKET_COLUMNS, *_TAIL),
    acts=_deleting(
        delete_walk_forward,
        gettext_lazy(
            "Delete the chosen walk-forwards? Their results are gone for good; what was tried stays in the ledger."
        ),
        (gettext_lazy("1 walk-forward is deleted."), gettext_lazy("{n} walk-forwards are deleted.")),
    ),
    right="backtests.run",
)

PORTFOLIOS = Listing(
    "portfolios",
    filters=(words(gettext_lazy("Name, formula or symbol")), _FILTERS[1]),
    sorts={
        "new": _RUN,
        "name": Sort(gettext_lazy("Name"), Lower("name")),
        "status": _STATUS,
        "return": _metric("Return", "total_return"),
        "sharpe": _metric("Sharpe", "sharpe"),
        "drawdown": _metric(gettext_lazy("Max drawdown"), "max_drawdown"),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        *_FIGURES[:3],
        *_TAIL,
    ),
    acts=_deleting(
        delete_portfolio,
        gettext_lazy(
            "Delete the chosen portfolios? Their results are gone for good; what was tried stays in the ledger."
        ),
        (gettext_lazy("1 portfolio is deleted."), gettext_lazy("{n} portfolios are deleted.")),
    ),
    right="backtests.run",
)


TRIALS = Listing(
    "trials",
    filters=(
        words(gettext_lazy("First letters of a hash")),
        pick("by", gettext_lazy("Any kind of run"), TriedBy.choices),
    ),
    sorts={
        "new": _RUN,
        "sharpe": Sort(gettext_lazy("Sharpe per period"), "sharpe", down=True, nullable=True),
        "return": Sort(gettext_lazy("Return"), "total_return", down=True, nullable=True),
        "periods": Sort(gettext_lazy("Periods"), "periods", down=True),
    },
    columns=(
        Column("run_at", lambda row: row.created_at),
        Column("by", lambda row: row.source),
        Column("sharpe_per_period", lambda row: row.sharpe),
        Column("skew", lambda row: row.skew),
        Column("kurtosis", lambda row: row.kurtosis),
        Column("periods", lambda row: row.periods),
        Column("total_return", lambda row: row.total_return),
        Column("formula_hash", lambda row: row.formula_hash),
        Column("data_hash", lambda row: row.data_hash),
        Column("parameters_hash", lambda row: row.parameters_hash),
        Column("engine", lambda row: row.engine_version),
        _SIMULATED,
    ),
)

BY_NAME = ("formula_name__icontains", "bar_set__instrument__symbol__icontains")  # of a run with one market
