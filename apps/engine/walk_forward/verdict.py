"""A walk-forward's outcome in words. The thresholds and where they come from: docs/walk-forward.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["holds up", "weak", "fails", "too little to judge"]

FEWEST_TRADES = 30
ENOUGH_EFFICIENCY = 0.5
ENOUGH_PROFITABLE = 0.5


@dataclass(frozen=True)
class Verdict:
    """`level` for sorting and colours, `text` for people."""

    level: Level
    text: str


def verdict_of(
    *,
    trades: int,
    total_return: float | None,
    efficiency: float | None,
    profitable: float,
    chosen: Sequence[bool],
    asked: int,
    ended: bool,
) -> Verdict:
    """`chosen`: for each fold that was run, whether a cell qualified; `asked`: folds asked for; the rest as in
    `WalkForwardResult`."""
    folds, idle = len(chosen), chosen.count(False)
    earned = total_return if total_return is not None else -1.0
    facts = [
        f"Out of sample the account {'gained' if earned > 0 else 'lost'} {abs(100 * earned):,.1f} % over "
        f"{_times(folds, 'fold')}, {round(profitable * folds)} of them profitable, in {_times(trades, 'trade')}.",
    ]
    if ended:
        facts.append(f"It fell to 0 in fold {folds} of {asked}; later folds were not run.")
    if idle == folds:
        facts = ["In no fold did any cell qualify: the account was never in the market."]
        return Verdict("too little to judge", " ".join(facts))
    if idle:
        facts.append(
            f"In {_times(idle, 'fold')} no cell qualified, and the account stayed out of the market."
        )
    if efficiency is None:
        facts.append("What was chosen did not earn in training, so there is no efficiency to speak of.")
    else:
        facts.append(f"It grew at {100 * efficiency:,.0f} % of its pace in training (the efficiency).")
    if ended or earned <= 0:
        return Verdict("fails", " ".join(["Choosing by the past did not carry over.", *facts]))
    if trades < FEWEST_TRADES:
        facts.insert(0, f"Fewer than {FEWEST_TRADES} trades are too few to judge by.")
        return Verdict("too little to judge", " ".join(facts))
    if efficiency is not None and efficiency >= ENOUGH_EFFICIENCY and profitable >= ENOUGH_PROFITABLE:
        return Verdict("holds up", " ".join(["What was chosen by the past went on earning.", *facts]))
    return Verdict(
        "weak", " ".join(["What was chosen by the past earned, but little of it carried over.", *facts])
    )


def _times(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
