"""A walk-forward's outcome in words. The thresholds and where they come from: docs/walk-forward.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from apps.engine.said import said

Level = Literal["holds up", "weak", "fails", "too little to judge"]

FEWEST_TRADES = 30
ENOUGH_EFFICIENCY = 0.5
ENOUGH_PROFITABLE = 0.5
_GAINED = said(
    "Out of sample the account gained {percent} % over {folds}, {profitable} of them profitable, in {trades}."
)
_LOST = said(
    "Out of sample the account lost {percent} % over {folds}, {profitable} of them profitable, in {trades}."
)


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
        said(
            _GAINED if earned > 0 else _LOST,
            percent=f"{abs(100 * earned):,.1f}",
            folds=_folds(folds),
            profitable=round(profitable * folds),
            trades=_trades(trades),
        ),
    ]
    if ended:
        facts.append(
            said(
                "It fell to 0 in fold {folds} of {asked}; later folds were not run.", folds=folds, asked=asked
            )
        )
    if idle == folds:
        facts = [said("In no fold did any cell qualify: the account was never in the market.")]
        return Verdict("too little to judge", " ".join(facts))
    if idle:
        facts.append(
            said(
                "In {folds} no cell qualified, and the account stayed out of the market.", folds=_folds(idle)
            )
        )
    if efficiency is None:
        facts.append(said("What was chosen did not earn in training, so there is no efficiency to speak of."))
    else:
        facts.append(
            said(
                "It grew at {efficiency} % of its pace in training (the efficiency).",
                efficiency=f"{100 * efficiency:,.0f}",
            )
        )
    if ended or earned <= 0:
        return Verdict("fails", " ".join([said("Choosing by the past did not carry over."), *facts]))
    if trades < FEWEST_TRADES:
        facts.insert(
            0, said("Fewer than {fewest_trades} trades are too few to judge by.", fewest_trades=FEWEST_TRADES)
        )
        return Verdict("too little to judge", " ".join(facts))
    if efficiency is not None and efficiency >= ENOUGH_EFFICIENCY and profitable >= ENOUGH_PROFITABLE:
        return Verdict("holds up", " ".join([said("What was chosen by the past went on earning."), *facts]))
    return Verdict(
        "weak", " ".join([said("What was chosen by the past earned, but little of it carried over."), *facts])
    )


def _folds(number: int) -> str:
    return said("{folds} fold", folds=number) if number == 1 else said("{folds} folds", folds=f"{number:,}")


def _trades(number: int) -> str:
    return (
        said("{trades} trade", trades=number)
        if number == 1
        else said("{trades} trades", trades=f"{number:,}")
    )
