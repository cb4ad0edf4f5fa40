"""Reads of walk-forwards: lists, the verdict, and the pictures of folds and of how the choices moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.backtests.models import WalkForward
from apps.backtests.selectors.trials import trials_of
from apps.engine.honesty.luck import luck
from apps.engine.honesty.sharpe import Trials
from apps.engine.result import iso_times
from apps.engine.walk_forward.folds import Fold, Span

STRIP = 1000  # units of a strip's width
DOT = 100  # units of a stability picture's height


def walk_forwards_of(workspace: Workspace) -> QuerySet[WalkForward]:
    """The workspace's walk-forwards, newest first, without the text a list does not show."""
    return (
        WalkForward.objects.filter(workspace=workspace)
        .select_related("bar_set__instrument", "finer_bar_set", "formula", "workspace")
        .defer("formula_text")
        .order_by("-id")
    )


def joined_luck(walk_forward: WalkForward) -> dict[str, Any]:
    """How far luck explains the tests joined, counting every variant of the formula tried so far; read at each look."""
    summary: dict[str, Any] = walk_forward.summary  # type: ignore[assignment]
    tried = trials_of(walk_forward.lineage)
    periods = summary["metrics"]["periods_per_year"]
    verdict = None
    if periods:
        verdict = luck(
            summary["moments"], Trials(max(tried.count, 1), tried.sharpe_variance), periods
        ).as_dict()
    return {"tried": tried.count, "verdict": verdict}


def strip_of_plan(folds: Sequence[Fold], time: Any) -> list[dict[str, Any]]:
    """The folds of a plan as a picture: see `strip`."""

    def dated(span: Span) -> dict[str, Any]:
        first, last = iso_times(time[[span[0], span[1] - 1]])
        return {"start": span[0], "stop": span[1], "from": first, "to": last}

    rows = [
        {
            "number": fold.number,
            "train": dated(fold.train)
            | {
                "used": fold.train_bars,
                "purged": fold.purge,
                "embargoed": [dated(span) for span in fold.embargoed],
            },
            "test": dated(fold.test),
        }
        for fold in folds
    ]
    return strip(rows, len(time))


def strip(folds: Sequence[dict[str, Any]], bars: int) -> list[dict[str, Any]]:
    """Each fold with the places of its spans on a line of STRIP units, and the dates they have."""

    def place(start: int, stop: int, kind: str) -> dict[str, Any]:
        left = STRIP * start / bars
        return {"kind": kind, "x": round(left, 2), "width": round(STRIP * stop / bars - left, 2)}

    rows = []
    for fold in folds:
        train, test = fold["train"], fold["test"]
        stop = max(train["start"], train["stop"] - train["purged"])
        spans = [place(train["start"], stop, "train")]
        spans += [place(each["start"], each["stop"], "embargo") for each in train["embargoed"]]
        if train["purged"]:
            spans.append(place(stop, train["stop"], "purge"))
        rows.append(
            {"number": fold["number"], "train": train, "test": test}
            | {"spans": [*spans, place(test["start"], test["stop"], "test")]}
        )
    return rows


def stability_of(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Per input that was varied: the values chosen, their places on a line from the first value tried to the last."""
    rows = []
    folds = [fold["number"] for fold in summary["folds"]]
    for name, found in summary["stability"]["inputs"].items():
        tried = summary["axes"][name]
        if len(tried) < 2:
            continue
        rank = {value: at for at, value in enumerate(_in_order(tried))}
        numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in tried)
        low, high = (min(tried), max(tried)) if numbers else (0, len(tried) - 1)
        points = []
        for number, value in zip(folds, found["values"], strict=True):
            if value is None:
                continue
            at = value if numbers else rank[value]
            points.append(
                {
                    "fold": number,
                    "value": value,
                    "x": round(STRIP * (number - 0.5) / len(folds), 1),
                    "y": round(DOT * (1 - (at - low) / (high - low)), 1),
                }
            )
        rows.append(
            {
                "name": name,
                "values": found["values"],
                "low": min(tried) if numbers else tried[0],
                "high": max(tried) if numbers else tried[-1],
                "points": points,
                "line": " ".join(f"{point['x']},{point['y']}" for point in points),
                "unchanged": found["unchanged"],
                "spread": found["spread"],
            }
        )
    return rows


def _in_order(values: list[Any]) -> list[Any]:
    return list(dict.fromkeys(values))
