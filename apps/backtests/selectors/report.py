"""Everything a report shows beside its curves and trades: from what is stored, and the trial ledger as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from apps.backtests import plots
from apps.backtests.figures import GROUPS, METRICS
from apps.backtests.models import Backtest, PortfolioRun
from apps.backtests.plots import Point
from apps.backtests.selectors.backtests import need_result
from apps.backtests.selectors.trials import trials_of
from apps.core.words import gettext_lazy
from apps.engine.honesty.luck import Luck, luck
from apps.engine.honesty.sharpe import Trials

FULL_HEAT = 0.10  # a month's return from which its cell has its deepest colour
DEEPEST = 46  # percent of that colour, so that words stay readable on it

VERDICTS = {
    "evidence": gettext_lazy("Evidence"),
    "weak": gettext_lazy("Weak evidence"),
    "none": gettext_lazy("No evidence"),
    "too_short": gettext_lazy("Too little to judge"),
}


@dataclass(frozen=True)
class LuckCheck:
    """The verdict on a run, by the trials that stand in the ledger at `counted_at`."""

    luck: Luck
    sharpe_variance: float | None
    counted_at: datetime
    periods_per_year: float

    @property
    def title(self) -> str:
        return VERDICTS[self.luck.verdict]

    @property
    def needed_years(self) -> float | None:
        """The minimum track record in years."""
        periods = self.luck.min_track_record_periods
        return None if periods is None else periods / self.periods_per_year

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.luck.as_dict(),
            "sharpe_variance": self.sharpe_variance,
            "counted_at": self.counted_at.isoformat().replace("+00:00", "Z"),
        }


def luck_of(backtest: Backtest) -> LuckCheck | None:
    """None for a run of an engine that did not yet keep the moments of its returns. Raises NotReady before the end."""
    need_result(backtest)
    if backtest.honesty is None:
        return None
    found = trials_of(backtest.lineage)
    per_year = backtest.honesty["periods_per_year"]
    trials = Trials(max(found.count, 1), found.sharpe_variance)
    return LuckCheck(
        luck(backtest.honesty["moments"], trials, per_year), found.sharpe_variance, timezone.now(), per_year
    )


def metric_groups(run: Backtest | PortfolioRun) -> list[tuple[str, list[tuple[str, Any]]]]:
    """The metrics by group, in the order one reads them; those the table of figures does not know come last."""
    return grouped_metrics(run.metrics or {})


def grouped_metrics(metrics: dict[str, Any]) -> list[tuple[str, list[tuple[str, Any]]]]:
    """As `metric_groups`, of metrics that stand anywhere."""
    groups = [
        (title, [(name, metrics[name]) for name in figures if name in metrics])
        for title, figures in GROUPS.items()
    ]
    others = [(name, value) for name, value in metrics.items() if name not in METRICS]
    return [
        *((title, rows) for title, rows in groups if rows),
        *([(gettext("Others"), others)] if others else []),
    ]


def month_grid(report: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per year: twelve cells (None outside the run), the year's return and buy-and-hold's."""
    months = {(row["year"], row["month"]): row for row in report["monthly"]}
    return [
        {
            **year,
            "months": [_cell(months.get((year["year"], month))) for month in range(1, 13)],
        }
        for year in report["yearly"]
    ]


def _cell(row: dict[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    value = row["return"] or 0.0
    return {**row, "heat": round(min(1.0, abs(value) / FULL_HEAT) * DEEPEST)}


def pictures_of(backtest: Backtest, points: dict[str, list[Point]]) -> dict[str, SafeString]:
    """The report's pictures by name, those there is something to draw for; `points` are the trades'."""
    report, honesty = backtest.report, backtest.honesty
    if not report or not honesty:
        return {}
    drawn: dict[str, SafeString] = {}
    if report["daily_returns"]:
        drawn["daily_returns"] = plots.histogram(
            report["daily_returns"], gettext("How daily returns are distributed")
        )
    if report["trade_returns"]:
        drawn["trade_returns"] = plots.histogram(
            report["trade_returns"], gettext("How the returns of trades are distributed")
        )
    if points["mae"]:
        drawn["mae"] = plots.scatter(
            points["mae"],
            gettext("Trades by adverse excursion and return"),
            gettext("right: went further against"),
        )
        drawn["mfe"] = plots.scatter(
            points["mfe"],
            gettext("Trades by favourable excursion and return"),
            gettext("right: went further for"),
        )
        drawn["costs"] = plots.waterfall(report["costs"], gettext("From gross to net"))
    if all(row["total_return"] is not None for row in report["delay"]["rows"]):
        drawn["delay"] = plots.delay(report["delay"]["rows"], gettext("Net return by delay"))
    if honesty["bootstrap"]:
        drawn["bootstrap"] = plots.fan(
            honesty["bootstrap"], gettext("Bands of the account over other days"), "days"
        )
    if honesty["shuffle"]:
        drawn["shuffle"] = plots.fan(
            honesty["shuffle"], gettext("Bands of the account over other orders"), "trades"
        )
    return drawn


def report_of(backtest: Backtest) -> dict[str, Any]:
    """The report as the API gives it. Raises NotReady before there is a result."""
    check = luck_of(backtest)
    quality = backtest.bar_set.quality
    return {
        "metrics": backtest.metrics,
        "counts": backtest.counts,
        "hashes": backtest.hashes,
        "report": backtest.report,
        "honesty": backtest.honesty,
        "luck": check.as_dict() if check else None,
        "data_quality": {
            name: quality.get(name)
            for name in (
                "verdict", "summary", "gaps", "missing_bars", "duplicates", "out_of_order", "outliers", "notes",
            )
        },
        "simulated": True,
        "synthetic_data": backtest.bar_set.is_synthetic,
    }  # fmt: skip
