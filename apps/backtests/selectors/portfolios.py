"""Reads of portfolios: lists, the legs with what they brought, and the pictures of shares and profits over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import Prefetch, QuerySet
from django.utils.translation import ngettext

from apps.accounts.models import Workspace
from apps.backtests.models import PortfolioLeg, PortfolioRun
from apps.backtests.rules import thin_indices
from apps.backtests.selectors.joined import joined_table

LINES = 8  # legs drawn by themselves; the others are one line
POINTS = 1500
SHADES = 10  # of the correlation matrix, each way


def portfolios_of(workspace: Workspace) -> QuerySet[PortfolioRun]:
    """The workspace's portfolios with their legs, newest first."""
    legs = PortfolioLeg.objects.select_related("bar_set__instrument", "finer_bar_set", "formula").defer(
        "formula_text"
    )
    return (
        PortfolioRun.objects.filter(workspace=workspace)
        .select_related("workspace")
        .prefetch_related(Prefetch("legs", queryset=legs))
        .order_by("-id")
    )


def leg_names(run: PortfolioRun) -> list[str]:
    """The legs' symbols; where two are of one symbol, with their place."""
    symbols = [leg.bar_set.instrument.symbol for leg in run.legs.all()]
    return [
        f"{symbol} ({place})" if symbols.count(symbol) > 1 else symbol
        for place, symbol in enumerate(symbols, 1)
    ]


def leg_rows(run: PortfolioRun) -> list[dict[str, Any]]:
    """Each leg with its name, its text and, once the run is done, its figures."""
    texts = dict(PortfolioLeg.objects.filter(run=run).values_list("order", "formula_text"))
    figures = (run.summary or {}).get("legs") or [{}] * run.legs.count()
    return [
        {"leg": leg, "name": name, "figures": found, "text": texts[leg.order]}
        for leg, name, found in zip(run.legs.all(), leg_names(run), figures, strict=True)
    ]


def correlation_rows(run: PortfolioRun) -> list[dict[str, Any]]:
    """The matrix with a shade for each value: -SHADES to SHADES."""
    names = leg_names(run)
    return [
        {
            "name": name,
            "cells": [
                {"value": value, "shade": None if value is None else round(SHADES * value)} for value in row
            ],
        }
        for name, row in zip(names, run.summary["correlation"], strict=True)  # type: ignore[index]
    ]


def shares_chart(run: PortfolioRun) -> dict[str, Any]:
    """Each leg's position as a fraction of equity, once a day, negative when short."""
    return _daily(run, "share", 1.0)


def contribution_chart(run: PortfolioRun) -> dict[str, Any]:
    """What each leg has brought so far, in percent of the starting cash, once a day."""
    return _daily(run, "profit", 100.0 / float(run.parameters["cash"]))


def _daily(run: PortfolioRun, what: str, scale: float) -> dict[str, Any]:
    table = joined_table(run, run.daily_path)
    names = leg_names(run)
    values = np.column_stack([table[f"{what}_{place}"].to_numpy() for place in range(len(names))]) * scale
    weight = np.nanmean(np.abs(np.nan_to_num(values)), axis=0)
    order = np.argsort(-weight, kind="stable")
    own = order if len(order) <= LINES else order[: LINES - 1]
    series = {names[place]: values[:, place] for place in sorted(own.tolist())}
    if len(own) < len(order):
        others = len(order) - len(own)
        series[ngettext("{count} other", "{count} others", others).format(count=others)] = values[
            :, order[len(own) :]
        ].sum(axis=1)
    keep = thin_indices(values.sum(axis=1), POINTS)
    return {
        "time": (table["time"].to_numpy()[keep] // 1000).tolist(),
        "series": {
            name: [None if np.isnan(value) else float(value) for value in column[keep]]
            for name, column in series.items()
        },
    }
