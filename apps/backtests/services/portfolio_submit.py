"""Asking for a portfolio, stopping it, and taking it back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.backtests.choices import Fill
from apps.backtests.errors import CannotBacktest
from apps.backtests.kept_words import refusal_in_words
from apps.backtests.models import PortfolioLeg, PortfolioRun
from apps.backtests.rules import identity_of
from apps.backtests.selectors import finer_bar_set_for, lineage_of_text
from apps.backtests.services.jobs import cancel, queue, queue_key_of
from apps.backtests.services.storage import delete_folder
from apps.backtests.services.submit import UNFINISHED_OR_DONE, needs_finer
from apps.backtests.services.sweep_cells import steps_of
from apps.billing.services import reserve
from apps.core.manner import written
from apps.core.words import gettext_lazy
from apps.engine.lang import FormulaError, Program, compile_formula
from apps.engine.lang.cost import MOST_RUN_STEPS, run_refusal
from apps.engine.portfolio.result import HOLD
from apps.engine.portfolio.spec import (
    MOST_LEG_BARS,
    MOST_LEGS,
    PortfolioParams,
    check_portfolio,
    check_weights,
)
from apps.engine.result import canonical_json
from apps.engine.sim.spec import SimulationError, check_params
from apps.engine.version import ENGINE_VERSION
from apps.formulas.errors import InvalidFormula
from apps.formulas.models import Formula
from apps.formulas.selectors import in_words
from apps.journal.services import record
from apps.markets.models import BarSet

HOLD_NAME = gettext_lazy("Buy and hold")


@dataclass(frozen=True)
class LegRequest:
    """A formula on a market with its share of the account; without a text the market is bought and held."""

    bar_set: BarSet
    weight: float  # a fraction of equity
    text: str = HOLD
    name: str = HOLD_NAME
    formula: Formula | None = None
    inputs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PortfolioRequest:
    """What a trader asks for. Costs as in BacktestRequest; the rest as in the engine's PortfolioParams."""

    legs: Sequence[LegRequest]
    name: str = "Portfolio"
    cash: float = 10_000.0
    fee: float = 0.001
    slippage_bps: float = 0.0
    fill: str = Fill.NEXT_OPEN
    borrow_per_day: float = 0.0
    funding_per_day: float = 0.0
    rebalance: str = "none"
    threshold: float = 0.05
    timezone: str = ""  # empty: that of the bars
    start: date | None = None
    end: date | None = None
    use_finer: bool = True


@dataclass(frozen=True)
class PortfolioPlan:
    """The programs of the legs and the conditions they share."""

    programs: list[Program]
    parameters: dict[str, Any]


def plan_portfolio(request: PortfolioRequest) -> PortfolioPlan:
    """Check the whole question. Raises InvalidFormula and CannotBacktest; a leg's field is `legs.PLACE.name`."""
    if not 1 <= len(request.legs) <= MOST_LEGS:
        raise CannotBacktest(
            gettext("A portfolio has 1 to {most_legs} legs, and this one has {legs}.").format(
                most_legs=MOST_LEGS, legs=len(request.legs)
            ),
            field="legs",
        )
    if request.start and request.end and request.start > request.end:
        raise CannotBacktest(gettext("The start lies after the end."), field="start")
    programs = [_program(place, leg) for place, leg in enumerate(request.legs)]
    parameters: dict[str, Any] = {
        "cash": float(request.cash),
        "fee": float(request.fee),
        "slippage_bps": float(request.slippage_bps),
        "fill": str(request.fill),
        "borrow_per_day": float(request.borrow_per_day),
        "funding_per_day": float(request.funding_per_day),
        "rebalance": str(request.rebalance),
        "threshold": float(request.threshold),
        "timezone": request.timezone or None,
    }
    _check_conditions(request, PortfolioParams(**parameters))
    _check_markets(request)
    _check_size(request, programs)
    return PortfolioPlan(programs, parameters)


def submit_portfolio(
    workspace: Workspace, request: PortfolioRequest, *, actor: User
) -> tuple[PortfolioRun, bool]:
    """Store the question with its legs and queue it; returns the run and whether it is new.

    It counts as one backtest of the plan; one that was asked before is answered with the run it got then, at no
    cost. Raises InvalidFormula, CannotBacktest, QuotaExceeded; then nothing is stored.
    """
    plan = plan_portfolio(request)
    legs = [
        _leg(workspace, leg, program, place, request.use_finer)
        for place, (leg, program) in enumerate(zip(request.legs, plan.programs, strict=True))
    ]
    identity = identity_of(
        formula_hash=_digest([leg.formula_hash for leg in legs]),
        data_hash=_digest(
            [
                [leg.bar_set.content_hash, leg.finer_bar_set.content_hash if leg.finer_bar_set else ""]
                for leg in legs
            ]
        ),
        start=request.start.isoformat() if request.start else "",
        end=request.end.isoformat() if request.end else "",
        parameters=plan.parameters
        | {
            "legs": [
                {
                    "symbol": leg.bar_set.instrument.symbol,
                    "inputs": leg.settings,
                    "weight": leg.weight,
                    "instrument": leg.instrument,
                }
                for leg in legs
            ]
        },
        engine=ENGINE_VERSION,
    )
    known = _known(workspace, identity)
    if known:
        return known, False
    run = PortfolioRun(
        workspace=workspace,
        created_by=actor,
        queue_key=queue_key_of(workspace),
        name=request.name,
        parameters=plan.parameters,
        start=request.start,
        end=request.end,
        engine_version=ENGINE_VERSION,
        identity=identity,
    )
    try:
        with transaction.atomic():
            run.save()
            for leg in legs:
                leg.run = run
            PortfolioLeg.objects.bulk_create(legs)
            reserve(workspace, "backtests", key=run.meter_key)
            record(
                actor=actor,
                workspace=workspace,
                action="backtests.portfoliorun.submitted",
                target=run,
                changes={"legs": len(legs), **plan.parameters},
            )
            queue(run)
    except IntegrityError:  # the same question came in at the same moment, and won
        known = _known(workspace, identity)
        if known is None:
            raise
        return known, False
    return run, True


def cancel_portfolio(run: PortfolioRun, *, actor: User) -> None:
    """Stop a run at once; one that has ended stays as it is."""
    cancel(run, actor=actor)


@transaction.atomic
def delete_portfolio(run: PortfolioRun, *, actor: User) -> None:
    """Remove a finished run, its legs and files. What was tried stays in the trial ledger."""
    if not run.is_finished:
        raise CannotBacktest(gettext("Cancel the portfolio before deleting it."), status=409)
    record(actor=actor, workspace=run.workspace, action="backtests.portfoliorun.deleted", target=run)
    folder = f"portfolios/{run.uuid}"
    run.delete()
    transaction.on_commit(lambda: delete_folder(folder))


def _program(place: int, leg: LegRequest) -> Program:
    where = gettext("Leg {value}, {symbol}: ").format(value=place + 1, symbol=leg.bar_set.instrument.symbol)
    try:
        program = compile_formula(leg.text, leg.inputs or None)
    except FormulaError as error:
        try:
            compile_formula(leg.text)
        except FormulaError as own:  # the formula itself is wrong, whatever the inputs
            raise InvalidFormula([item.as_dict() for item in own.errors]) from own
        problem = error.errors[0]
        raise CannotBacktest(
            f"{where}{in_words(problem.message)} {in_words(problem.hint)}".strip(),
            field=f"legs.{place}.inputs",
        ) from error
    if not program.has_orders:
        raise CannotBacktest(
            gettext(
                "{where}the formula only alerts; a leg needs at least one “long when” or “short when”."
            ).format(where=where),
            field=f"legs.{place}.formula",
        )
    return program


def _check_conditions(request: PortfolioRequest, params: PortfolioParams) -> None:
    symbols = [leg.bar_set.instrument.symbol for leg in request.legs]
    try:
        check_portfolio(params)
        check_params(params.of_account())
        for place, leg in enumerate(request.legs):
            try:
                check_weights([leg.weight], [symbols[place]], "none")
            except SimulationError as error:
                raise CannotBacktest(refusal_in_words(error), field=f"legs.{place}.weight") from error
        check_weights([leg.weight for leg in request.legs], symbols, params.rebalance)
    except SimulationError as error:
        raise CannotBacktest(
            refusal_in_words(error), field="legs" if error.field == "weight" else error.field
        ) from error


def _check_markets(request: PortfolioRequest) -> None:
    """One currency, one zone or a named one, and every leg has bars between the dates."""
    currencies = sorted({leg.bar_set.instrument.currency for leg in request.legs} - {""})
    if len(currencies) > 1:
        raise CannotBacktest(
            gettext(
                "The legs' prices are in different currencies ({join}), and one account has one: nothing is converted."
            ).format(join=", ".join(currencies)),
            field="legs",
        )
    if request.timezone:
        try:
            ZoneInfo(request.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise CannotBacktest(
                gettext("There is no time zone {timezone!r}; Europe/Berlin is one.").format(
                    timezone=request.timezone[:60]
                ),
                field="timezone",
            ) from error
    zones = sorted({leg.bar_set.timezone for leg in request.legs})
    if len(zones) > 1 and not request.timezone:
        raise CannotBacktest(
            gettext(
                "The bars are in different time zones ({join}): say in which one the portfolio's days begin."
            ).format(join=", ".join(zones)),
            field="timezone",
        )
    for place, leg in enumerate(request.legs):
        bars = leg.bar_set
        before = request.end is not None and bars.first_time.date() > request.end
        after = request.start is not None and bars.last_time.date() < request.start
        if before or after:
            raise CannotBacktest(
                gettext(
                    "Leg {value}, {symbol}: its bars go from {first_time:%Y-%m-%d} to {last_time:%Y-%m-%d}, outside "
                    "the dates chosen."
                ).format(
                    value=place + 1,
                    symbol=bars.instrument.symbol,
                    first_time=bars.first_time,
                    last_time=bars.last_time,
                ),
                field=f"legs.{place}.bar_set",
            )


def _check_size(request: PortfolioRequest, programs: Sequence[Program]) -> None:
    if request.start or request.end:  # how many bars a span holds is known when it is read
        return
    steps = bars = 0
    for place, (leg, program) in enumerate(zip(request.legs, programs, strict=True)):
        refusal = run_refusal(program, leg.bar_set.bars)
        if refusal:
            raise CannotBacktest(
                gettext("Leg {value}, {symbol}: {refusal}.").format(
                    value=place + 1, symbol=leg.bar_set.instrument.symbol, refusal=in_words(refusal)
                ),
                field=f"legs.{place}.bar_set",
            )
        bars += leg.bar_set.bars
        steps += leg.bar_set.bars * steps_of(program)
    if bars > MOST_LEG_BARS or steps > MOST_RUN_STEPS:
        raise CannotBacktest(
            gettext(
                "The legs have {bars:,} bars together and take up to {steps:,} steps (at most {most_leg_bars:,} and "
                "{most_run_steps:,}): choose fewer legs, a longer timeframe or a shorter stretch."
            ).format(
                bars=written(bars),
                steps=written(steps),
                most_leg_bars=written(MOST_LEG_BARS),
                most_run_steps=written(MOST_RUN_STEPS),
            ),
            field="legs",
        )


def _leg(
    workspace: Workspace, asked: LegRequest, program: Program, place: int, use_finer: bool
) -> PortfolioLeg:
    instrument = asked.bar_set.instrument
    finer = use_finer and needs_finer(program)
    return PortfolioLeg(
        order=place,
        bar_set=asked.bar_set,
        finer_bar_set=finer_bar_set_for(asked.bar_set, workspace) if finer else None,
        instrument={
            "tick": float(instrument.tick_size),
            "lot": float(instrument.lot_size),
            "min_size": float(instrument.min_size),
            "min_notional": float(instrument.min_notional),
        },
        formula=asked.formula,
        formula_name=asked.name,
        formula_text=asked.text,
        formula_hash=program.formula_hash,
        lineage=_lineage(workspace, asked.formula, program.formula_hash),
        settings=program.inputs,
        weight=float(asked.weight),
    )


def _lineage(workspace: Workspace, formula: Formula | None, formula_hash: str) -> UUID:
    return formula.uuid if formula else lineage_of_text(workspace, formula_hash)


def _known(workspace: Workspace, identity: str) -> PortfolioRun | None:
    return PortfolioRun.objects.filter(
        workspace=workspace, identity=identity, status__in=UNFINISHED_OR_DONE
    ).first()


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()
