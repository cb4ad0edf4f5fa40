"""What a walk-forward would do: its settings and its folds, or why it cannot be done; nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext

from apps.backtests.choices import Fill
from apps.backtests.errors import CannotBacktest
from apps.backtests.kept_words import refusal_in_words
from apps.backtests.selectors import cut_to_dates
from apps.backtests.services.sweep_cells import (
    MOST_CELL_BARS,
    MOST_STEPS,
    SettingsPlan,
    plan_settings,
    steps_of,
)
from apps.core.manner import written
from apps.core.words import gettext_lazy
from apps.engine.bars import Bars
from apps.engine.lang import FormulaError, Program, compile_formula
from apps.engine.lang.cost import run_refusal
from apps.engine.sim.spec import SimulationError
from apps.engine.walk_forward import WalkForwardSpec
from apps.engine.walk_forward.folds import Fold, check_folds
from apps.engine.walk_forward.span import look_back
from apps.engine.walk_forward.spec import check_spec
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import Formula
from apps.markets.models import BarSet
from apps.markets.services import load_bars

MOST_SETTINGS = 1_000  # each is compiled before anything is stored


@dataclass(frozen=True)
class WalkForwardRequest:
    """What a trader asks for. `axes`: values by input, as in docs/sweeps.md; costs as in BacktestRequest."""

    text: str
    bar_set: BarSet
    axes: dict[str, str] = field(default_factory=dict)
    spec: WalkForwardSpec = field(default_factory=WalkForwardSpec)
    name: str = gettext_lazy("Untitled formula")
    formula: Formula | None = None
    cash: float = 10_000.0
    fee: float = 0.001
    slippage_bps: float = 0.0
    fill: str = Fill.NEXT_OPEN
    start: date | None = None
    end: date | None = None
    borrow_per_day: float = 0.0
    funding_per_day: float = 0.0
    use_finer: bool = True


@dataclass(frozen=True)
class WalkForwardPlan:
    """The settings to choose from, the folds, and the layout with what was left to the engine filled in."""

    bars: Bars
    program: Program
    settings: SettingsPlan
    spec: WalkForwardSpec
    warm_up: int  # bars
    folds: list[Fold]

    @property
    def rounds(self) -> int:
        """How often all settings are run: once a fold, once with hindsight, once for the trial ledger."""
        return len(self.folds) + 2


def plan_walk_forward(request: WalkForwardRequest) -> WalkForwardPlan:
    """The plan of a walk-forward.

    Raises InvalidFormula; CannotBacktest whose field is that of the request, of its spec, or an axis' name.
    """
    if request.start and request.end and request.start > request.end:
        raise CannotBacktest(gettext("The start lies after the end."), field="start")
    settings = plan_settings(request.text, request.axes)
    count = len(settings.settings)
    if count < 2:
        raise CannotBacktest(
            gettext("There is one setting only, so nothing to choose: give at least one input a range."),
            field="axes",
        )
    if count > MOST_SETTINGS:
        raise CannotBacktest(
            gettext(
                "The ranges have {count:,} settings, and a walk-forward chooses among at most {most_settings:,}. "
                "Widen a step or fix an input."
            ).format(count=written(count), most_settings=written(MOST_SETTINGS)),
            field="axes",
        )
    bars = cut_to_dates(load_bars(request.bar_set), request.start, request.end)
    if len(bars) < 2:
        raise CannotBacktest(gettext("There are fewer than two bars between these dates."), field="start")
    programs = [_program(request.text, each) for each in settings.settings]
    for program in programs:
        refusal = run_refusal(program, len(bars))
        if refusal:
            raise CannotBacktest(refusal_in_words(f"{refusal}."), field="axes")
    spec = request.spec
    try:
        check_spec(spec)
        warm_up = max(look_back(program, bars) for program in programs)
        purge = warm_up if spec.purge_bars is None else spec.purge_bars
        folds = check_folds(len(bars), spec, purge, warm_up)
    except SimulationError as error:
        raise CannotBacktest(refusal_in_words(error), field=_field_of(error.field)) from error
    plan = WalkForwardPlan(bars, programs[0], settings, replace(spec, purge_bars=purge), warm_up, folds)
    _check_size(plan, max(steps_of(program) for program in programs))
    return plan


def conditions_of(request: WalkForwardRequest) -> dict[str, Any]:
    """The engine's SimParams: the costs asked for, and the instrument's steps as they are now."""
    instrument = request.bar_set.instrument
    return {
        "cash": float(request.cash),
        "fee": float(request.fee),
        "slippage_bps": float(request.slippage_bps),
        "fill": str(request.fill),
        "tick": float(instrument.tick_size),
        "lot": float(instrument.lot_size),
        "min_size": float(instrument.min_size),
        "min_notional": float(instrument.min_notional),
        "borrow_per_day": float(request.borrow_per_day),
        "funding_per_day": float(request.funding_per_day),
    }


def _program(text: str, settings: dict[str, Any]) -> Program:
    try:
        program = compile_formula(text, settings)
    except FormulaError as error:
        raise InvalidFormula([item.as_dict() for item in error.errors]) from error
    if not program.has_orders:
        raise CannotBacktest(
            gettext(
                "The formula only alerts: a walk-forward needs at least one “long when” or “short when”."
            ),
            field="text",
        )
    return program


def _check_size(plan: WalkForwardPlan, steps: int) -> None:
    """Refuse what would take more than a sweep may."""
    bars = sum(fold.train_bars for fold in plan.folds) + 2 * len(plan.bars)
    count = len(plan.settings.settings)
    if count * bars > MOST_CELL_BARS or count * bars * steps > MOST_STEPS:
        fits = int(count * min(MOST_CELL_BARS / (count * bars), MOST_STEPS / max(1, count * bars * steps)))
        raise CannotBacktest(
            gettext(
                "{count:,} settings over {bars:,} bars of training and tests take too long: at most {value:,} "
                "settings fit, or fewer bars or folds."
            ).format(count=written(count), bars=written(bars), value=written(max(1, fits))),
            field="axes",
        )


def _field_of(name: str | None) -> str:
    """The field of the request an engine's refusal belongs to."""
    return {"bars": "bar_set", "formula": "text", "cells": "axes"}.get(name or "", name or "folds")
