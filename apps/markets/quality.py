"""How far a series of bars can be trusted: gaps, duplicates, disorder, idle and outlying bars.

Plain NumPy over `Bars`; needs no database. What counts as a gap depends on when the market is open, which is
read off the bars themselves (see `apps.markets.sessions`), so that a weekend in daily stock bars is none.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext

from apps.core.manner import written
from apps.engine.bars import Bars
from apps.markets.files import ReadReport
from apps.markets.sessions import Gaps, find_gaps
from apps.markets.timeframes import DAY_MS, format_timeframe

Level = Literal["note", "warning", "bad"]
Verdict = Literal["clean", "usable", "doubtful", "unusable"]

MAX_EXAMPLES = 10

# A daily step this large is a share split far more often than a day of trading.
_SPLIT_STEP = 0.25
_SPLIT_RATIOS = {
    "2:1": 1 / 2, "3:1": 1 / 3, "3:2": 2 / 3, "4:1": 1 / 4, "5:1": 1 / 5, "7:1": 1 / 7, "10:1": 1 / 10,
    "20:1": 1 / 20, "1:2": 2.0, "1:5": 5.0, "1:8": 8.0, "1:10": 10.0, "1:20": 20.0,
}  # fmt: skip
_SPLIT_TOLERANCE = (
    0.04  # Microsoft opened 3 % off its split ratio on 2003-02-18; Apple crashed to 0.527 on 2000-09-29
)
_FEW_BARS = 5  # a holiday or two in a short series is no reason to warn
_OUTLIER_SIGMAS = 12.0
_OUTLIER_FLOOR = 0.02
_MAD_TO_SIGMA = 1.4826  # makes the median absolute deviation of a normal distribution its sigma


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `examples` are at most `MAX_EXAMPLES`: ISO times and what is there."""

    code: str
    level: Level
    title: str
    detail: str
    count: int
    examples: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """Counts, findings and a verdict. Shares are fractions; times are epoch milliseconds UTC."""

    symbol: str
    timeframe: str
    timezone: str
    bars: int
    first_time: int | None
    last_time: int | None
    calendar: str
    gaps: int
    missing_bars: int
    coverage: float
    duplicates: int
    out_of_order: int
    zero_volume: int
    flat: int
    outliers: int
    impossible: int
    verdict: Verdict
    summary: str
    findings: list[Finding]
    notes: list[str]
    read: dict[str, Any] | None = None  # the ReadReport of the file, where there was one

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def quality_report(
    bars: Bars, *, read: ReadReport | None = None, single_stock: bool = False
) -> QualityReport:
    """Look at every bar once.

    `read` adds what was mended while reading the file. `single_stock` adds the reminder that a company one
    knows today is one that survived.
    """
    gaps = find_gaps(bars)
    findings = [
        finding
        for finding in (
            _impossible(bars),
            _gap_finding(gaps, bars),
            _holidays(gaps),
            *_outliers(bars, gaps.calendar),
            _zero_volume(bars, read),
            _flat(bars),
            *_mended(read),
        )
        if finding is not None
    ]
    count = {finding.code: finding.count for finding in findings}
    notes = list(read.notes) if read else []
    if single_stock:
        notes.append(
            gettext(
                "One company's shares, chosen today: those that failed are not in the picture (survivorship). "
                "Results on it say little about shares picked at the time."
            )
        )
    verdict, summary = _verdict(bars, findings, gaps)
    return QualityReport(
        symbol=bars.symbol,
        timeframe=format_timeframe(bars.timeframe_ms),
        timezone=bars.timezone,
        bars=len(bars),
        first_time=int(bars.time[0]) if len(bars) else None,
        last_time=int(bars.time[-1]) if len(bars) else None,
        calendar=gaps.calendar,
        gaps=gaps.count,
        missing_bars=gaps.missing,
        coverage=gaps.coverage,
        duplicates=count.get("duplicates", 0),
        out_of_order=count.get("out_of_order", 0),
        zero_volume=count.get("zero_volume", 0),
        flat=count.get("flat", 0),
        outliers=count.get("outliers", 0) + count.get("splits", 0) + count.get("bad_ticks", 0),
        impossible=count.get("impossible", 0),
        verdict=verdict,
        summary=summary,
        findings=findings,
        notes=notes,
        # pairs, since jsonb does not keep the order of members
        read={**asdict(read), "columns": list(read.columns.items())} if read else None,
    )


def _iso(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%d" if time_ms % DAY_MS == 0 else "%Y-%m-%d %H:%M:%S")


def _impossible(bars: Bars) -> Finding | None:
    """Files are refused for these; bars that were built in memory or come from a feed may have them."""
    prices = np.stack([bars.open, bars.high, bars.low, bars.close]) if len(bars) else np.empty((4, 0))
    slack = 1e-9
    wrong = (
        ~np.isfinite(prices).all(axis=0)
        | (prices <= 0).any(axis=0)
        | (prices.max(axis=0, initial=-np.inf) > bars.high * (1 + slack))
        | (prices.min(axis=0, initial=np.inf) < bars.low * (1 - slack))
    )
    rows = np.flatnonzero(wrong)
    if not rows.size:
        return None
    return Finding(
        "impossible", "bad", gettext("Impossible bars"), gettext(
            "Prices that are no numbers, not above 0, or outside low to "
            "high."
        ),
        int(rows.size), [{"time": _iso(int(bars.time[row]))} for row in rows[:MAX_EXAMPLES]],
    )  # fmt: skip


def _gap_finding(gaps: Gaps, bars: Bars) -> Finding | None:
    if not gaps.count:
        return None
    level: Level = "warning" if gaps.coverage < 0.99 and gaps.missing > _FEW_BARS else "note"
    examples = [
        {"after": _iso(gap.after), "before": _iso(gap.before), "missing": gap.missing}
        for gap in sorted(gaps.largest, key=lambda gap: -gap.missing)[:MAX_EXAMPLES]
    ]
    detail = gettext(
        "{missing:,} bars are missing of {value:,} to be expected ({coverage:.2%} are there). Indicators and "
        "holding times count across a gap as if it were one bar."
    ).format(
        missing=written(gaps.missing),
        value=written(gaps.missing + len(bars)),
        coverage=written(gaps.coverage),
    )
    return Finding("gaps", level, gettext("Gaps"), detail, gaps.count, examples)


def _holidays(gaps: Gaps) -> Finding | None:
    if not gaps.holidays:
        return None
    return Finding(
        "holidays", "note", gettext("Single weekdays without bars"),
        gettext("Taken for holidays, not counted as gaps."), gaps.holidays,
    )  # fmt: skip


def _outliers(bars: Bars, calendar: str) -> list[Finding | None]:
    """Steps far beyond the usual: splits, ticks that return at once, and the rest.

    The usual is the median absolute deviation of log returns from close to close, which a few outliers do
    not move. A split shows between the close before and the open.
    """
    if len(bars) < 30:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.log(bars.close[1:] / bars.close[:-1])
        opening = bars.open[1:] / bars.close[:-1]
    step = np.where(np.isfinite(step), step, 0.0)
    sigma = _MAD_TO_SIGMA * float(np.median(np.abs(step - np.median(step))))
    limit = max(_OUTLIER_SIGMAS * sigma, _OUTLIER_FLOOR)
    splits = _splits(bars, opening) if calendar == "exchange" and bars.timeframe_ms >= DAY_MS else {}
    large = np.flatnonzero(np.abs(step) > limit)
    back = [
        int(row)
        for row in large
        if row + 1 < step.size
        and abs(step[row + 1]) > limit
        and abs(step[row] + step[row + 1]) < 0.2 * abs(step[row])
    ]
    returned = set(back) | {row + 1 for row in back}
    other = [int(row) for row in large if int(row) not in returned and int(row) not in splits]

    def example(row: int, **more: Any) -> dict[str, Any]:
        return {"time": _iso(int(bars.time[row + 1])), "change": round(float(np.expm1(step[row])), 4), **more}

    found: list[Finding | None] = []
    if splits:
        found.append(Finding(
            "splits", "warning", gettext("Looks like unadjusted share splits"),
            gettext(
"The price jumps at the open by the ratio of a split. A backtest would book it as a profit or a loss: "
            "use adjusted prices."
),
            len(splits), [example(row, ratio=ratio) for row, ratio in list(splits.items())[:MAX_EXAMPLES]],
        ))  # fmt: skip
    if back:
        found.append(Finding(
            "bad_ticks", "warning", gettext("Bars that jump away and back"),
            gettext("One bar more than {limit:.1%} from both neighbours: often a feed error.").format(
                limit=written(limit)
            ),
            len(back), [example(row) for row in back[:MAX_EXAMPLES]],
        ))  # fmt: skip
    if other:
        found.append(Finding(
            "outliers", "note", gettext("Outlying bars"),
            gettext(
                "Closes more than {limit:.1%} from the one before ({outlier_sigmas:g} times "
                "the usual step or more)."
            ).format(limit=written(limit), outlier_sigmas=written(_OUTLIER_SIGMAS)),
            len(other), [example(row) for row in other[:MAX_EXAMPLES]],
        ))  # fmt: skip
    return found


def _splits(bars: Bars, opening: npt.NDArray[np.float64]) -> dict[int, str]:
    """Row of the bar before -> ratio, where the open stands at a split's ratio to the close before."""
    found: dict[int, str] = {}
    for row in np.flatnonzero(np.abs(np.log(np.where(opening > 0, opening, 1.0))) > _SPLIT_STEP).tolist():
        name, ratio = min(_SPLIT_RATIOS.items(), key=lambda item: abs(np.log(opening[row] / item[1])))
        if abs(np.log(opening[row] / ratio)) < _SPLIT_TOLERANCE:
            found[row] = name
    return found


def _zero_volume(bars: Bars, read: ReadReport | None) -> Finding | None:
    idle = np.flatnonzero(bars.volume == 0)
    if not idle.size or (read is not None and not read.has_volume):
        return None
    share = idle.size / len(bars)
    detail = gettext(
        "{share:.1%} of the bars. Nothing was traded, so no order could have been filled there."
    ).format(share=written(share))
    if share == 1.0:
        detail = gettext(
            "No bar has a volume: the source does not give it. Volume indicators are without meaning here."
        )
    return Finding(
        "zero_volume", "warning" if share > 0.05 else "note", gettext("Bars without volume"), detail, int(idle.size),
        [{"time": _iso(int(bars.time[row]))} for row in idle[:MAX_EXAMPLES]],
    )  # fmt: skip


def _flat(bars: Bars) -> Finding | None:
    flat = np.flatnonzero((bars.high == bars.low) & (bars.open == bars.close))
    if not flat.size:
        return None
    share = flat.size / len(bars)
    return Finding(
        "flat", "warning" if share > 0.05 else "note", gettext("Bars that do not move"),
        gettext(
            "{share:.1%} of the bars have one price only: filled-in values, or a market that "
            "hardly trades."
        ).format(share=written(share)),
        int(flat.size), [{"time": _iso(int(bars.time[row]))} for row in flat[:MAX_EXAMPLES]],
    )  # fmt: skip


def _mended(read: ReadReport | None) -> list[Finding | None]:
    found: list[Finding | None] = []
    if read is None:
        return found
    if read.duplicates_dropped:
        found.append(Finding(
            "duplicates", "note", gettext("Repeated lines"), gettext("Equal in every column; each was kept once."),
            read.duplicates_dropped,
        ))  # fmt: skip
    if read.out_of_order:
        found.append(Finding(
            "out_of_order", "note", gettext("Out of order"),
            gettext("Bars earlier than the line before; they were sorted."), read.out_of_order,
        ))  # fmt: skip
    return found


def _verdict(bars: Bars, findings: list[Finding], gaps: Gaps) -> tuple[Verdict, str]:
    if not len(bars) or any(finding.level == "bad" for finding in findings):
        return "unusable", gettext("Not fit for a backtest: there are impossible bars.") if len(
            bars
        ) else gettext("There are no bars.")
    warnings = [finding.title.lower() for finding in findings if finding.level == "warning"]
    if warnings:
        return "doubtful", gettext("Look before you trust it: {join}.").format(join=", ".join(warnings))
    if findings:
        return "usable", gettext(
            "Fit for a backtest; {coverage:.2%} of the bars to be expected are there."
        ).format(coverage=written(gaps.coverage))
    return "clean", gettext("Nothing wrong was found.")
