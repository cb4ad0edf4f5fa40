"""Why a signal of one of our formulas fired: its sub-expressions on its bar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from apps.core.errors import DomainError
from apps.formulas.models import Formula, FormulaVersion
from apps.formulas.selectors import check_report, recent_bars, value_rows, why_report
from apps.markets.models import BarSet, Instrument
from apps.markets.services import load_bars
from apps.signals.models import Signal, UtBot
from apps.signals.selectors.instruments import instrument_for
from apps.signals.ut_bot.formula import formula_text, hash_of_text, text_of_rule

_HASH = re.compile(r"[0-9a-f]{64}")
_SIDES = {
    "buy": ("long",),
    "sell": ("short",),
    "exit": ("exit", "exit_long", "exit_short"),
    "info": ("alert",),
}


@dataclass(frozen=True)
class WhyFired:
    """`watched` are the formula's conditions and `series` its definitions on the signal's bar, each with its
    sub-expressions as rows; `statements` all of them, as trees.

    `agrees` says whether a condition of the signal's side held there, `missing` why nothing can be told.
    """

    name: str
    text: str = ""
    formula: Formula | None = None
    bar_set: BarSet | None = None
    time: str = ""
    watched: tuple[dict[str, Any], ...] = ()
    series: tuple[dict[str, Any], ...] = ()
    statements: tuple[dict[str, Any], ...] = ()
    agrees: bool = False
    missing: str = ""


def why_fired(signal: Signal) -> WhyFired | None:
    """None for a signal that names no formula."""
    named = signal.payload.get("formula")
    if not isinstance(named, str) or not _HASH.fullmatch(named):
        return None
    found = _formula(signal, named)
    if found is None:
        return WhyFired(
            "", missing=gettext("No published formula of this workspace has the hash that the alert names.")
        )
    name, text, formula = found
    if signal.bar_time is None or not signal.timeframe:
        return WhyFired(
            name, text, formula, missing=gettext("The alert does not name its bar and timeframe.")
        )
    bar_set = _bars(signal)
    if bar_set is None:
        return WhyFired(
            name,
            text,
            formula,
            missing=gettext("There are no {timeframe} bars of {symbol}. Import some.").format(
                timeframe=signal.timeframe, symbol=signal.symbol
            ),
        )
    try:
        bars = recent_bars(load_bars(bar_set), until=signal.bar_time)
        if int(bars.time[-1]) != int(signal.bar_time.timestamp() * 1000):
            last = datetime.fromtimestamp(int(bars.time[-1]) / 1000, UTC)
            return WhyFired(
                name,
                text,
                formula,
                bar_set,
                missing=gettext(
                    "The stored bars have none of that time; the one before opens at {last:%Y-%m-%d %H:%M} UTC."
                ).format(last=last),
            )
        report = why_report(text, bars, settings=_settings(signal, text))
    except DomainError as error:
        return WhyFired(name, text, formula, bar_set, missing=error.message)
    statements = [{**one, "rows": list(value_rows(one["tree"]))} for one in report["statements"]]
    watched = tuple(one for one in statements if one["held"] is not None)
    return WhyFired(
        name=name,
        text=text,
        formula=formula,
        bar_set=bar_set,
        time=report["time"],
        watched=watched,
        series=tuple(one for one in statements if one["kind"] in ("definition", "plot")),
        statements=tuple(report["statements"]),
        agrees=any(one["held"] and one["kind"] in _SIDES[signal.action] for one in watched),
    )


def _formula(signal: Signal, named: str) -> tuple[str, str, Formula | None] | None:
    """Name, text and, where there is one, the formula: a published version, else a UT Bot of these parameters."""
    version = (
        FormulaVersion.objects.filter(formula__workspace_id=signal.workspace_id, content_hash=named)
        .select_related("formula")
        .order_by("-id")
        .first()
    )
    if version is not None:
        return str(version), version.text, version.formula
    bot = (
        UtBot.objects.filter(workspace_id=signal.workspace_id, formula_hash=named)
        .select_related("formula")
        .first()
    )
    if bot is not None:
        return f"{bot.name} ({bot.strategy})", text_of_rule(bot.rule), bot.formula
    text = _text_of_parameters(signal.payload.get("parameters"))
    if text is not None and hash_of_text(text) == named:
        return signal.strategy or gettext("UT Bot"), text, None
    return None


def _text_of_parameters(parameters: Any) -> str | None:
    """The UT Bot rule as a bot that was changed or deleted since had it."""
    try:
        return formula_text(
            multiplier=float(parameters["key"]),
            atr_period=int(parameters["atr_period"]),
            ema_period=int(parameters["ema_period"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _settings(signal: Signal, text: str) -> dict[str, Any]:
    """The alert's parameters that are inputs of the formula."""
    parameters = signal.payload.get("parameters")
    names = {item["name"] for item in check_report(text)["inputs"]}
    return (
        {name: value for name, value in parameters.items() if name in names}
        if isinstance(parameters, dict)
        else {}
    )


def _bars(signal: Signal) -> BarSet | None:
    """Of the signal's instrument and timeframe."""
    instruments = Instrument.objects.filter(symbol=signal.symbol).order_by("id")
    instrument = instrument_for(instruments, signal.workspace_id, signal.symbol, signal.exchange)
    if instrument is None:
        return None
    sets = BarSet.objects.filter(instrument=instrument, timeframe=signal.timeframe, superseded_at=None)
    visible = sets.filter(Q(workspace_id=signal.workspace_id) | Q(workspace=None))
    return visible.select_related("instrument").order_by("workspace_id").first()
