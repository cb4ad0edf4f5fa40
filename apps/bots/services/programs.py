"""From a bot to what the engine steps: its program, and the rules of its account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.engine.bars import Bars
from apps.engine.lang import Program, compile_formula
from apps.engine.program.cohort import Cohort as EngineCohort
from apps.engine.program.cohort import CohortState, Source
from apps.engine.sim.account import Rules
from apps.engine.sim.rules import rules_of
from apps.engine.sim.spec import SimParams
from apps.markets.models import Instrument
from apps.trading.models import TradingAccount

LEAST_WARM_UP, MOST_WARM_UP = 500, 20_000
LOOKBACKS = 4  # an average that feeds on itself has forgotten its beginning after some of its lengths


def program_of(text: str, inputs: dict[str, Any]) -> Program:
    """The formula with its settings filled in. Raises FormulaError."""
    return _compiled(text, json.dumps(inputs, sort_keys=True))


@lru_cache(maxsize=20_000)
def _compiled(text: str, inputs: str) -> Program:
    return compile_formula(text, json.loads(inputs))


def warm_up_of(program: Program) -> int:
    """How many bars a joiner is warmed up with."""
    return min(MOST_WARM_UP, max(LEAST_WARM_UP, LOOKBACKS * program.lookback))


def sim_params(account: TradingAccount, instrument: Instrument, capital: float) -> SimParams:
    """The conditions a bot's account trades under: those that a backtest on this account would have."""
    return SimParams(
        cash=capital,
        fee=float(account.fee_rate),
        slippage_bps=float(account.slippage_bps),
        tick=float(instrument.tick_size),
        lot=float(instrument.lot_size),
        min_size=float(instrument.min_size),
        min_notional=float(instrument.min_notional),
    )


def account_rules(program: Program, params: SimParams) -> Rules:
    return rules_of(program.standing_orders, params)


@dataclass(frozen=True, eq=False)
class Warm:
    """Programs that have seen bars and said nothing of them: `of` is the number in `cohort` of each."""

    cohort: EngineCohort
    state: CohortState
    of: NDArray[np.int64]

    def source(self, mine: NDArray[np.int64]) -> Source:
        """For a cohort in which the programs are the bots `mine`."""
        return Source(self.cohort, self.state, self.of, mine)


def warmed(programs: Sequence[Program], bars: Bars) -> Warm:
    """The programs after these bars. One that occurs many times is stepped once."""
    distinct = list({id(program): program for program in programs}.values())
    numbers = {id(program): number for number, program in enumerate(distinct)}
    cohort = EngineCohort(distinct)
    state = cohort.initial_state()
    for i in range(len(bars)):
        cohort.step(state, bars.bar(i))
    return Warm(cohort, state, np.array([numbers[id(program)] for program in programs], np.int64))


def none_asked(bots: int) -> NDArray[np.float64]:
    """The saved requests of bots that have asked nothing yet: float64[4, bots]; flags, stop, target, trail."""
    asked = np.full((4, bots), np.nan)
    asked[0] = 0.0
    return asked
