"""The cheapest channels that arrive in time.

A set of channels arrives within N seconds as often as at least one of them does. What counts is measured: the share of
a person's deliveries on a channel that arrived within N seconds, failed ones being late for ever. That a set does so in
95 of 100 cases is the same as saying that its 95th percentile meets the deadline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

BOUNDS = (5, 10, 30, 60, 120, 300, 900, 3600, 14_400)  # seconds
TARGET = 0.95
ENOUGH = 20  # deliveries of a person; with fewer, all people's count
ENOUGH_OF_ALL = 100
# Before anything was measured: what a channel usually does, by the seconds it takes.
ASSUMED_S = {
    "push_web": 10,
    "push_onesignal": 10,
    "telegram": 10,
    "slack": 10,
    "discord": 10,
    "webhook": 10,
    "apprise": 30,
    "sms": 30,
    "email": 120,
}
ASSUMED_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class Speed:
    """`within[n]` of the deliveries arrived in BOUNDS[n] seconds. `of`: "you", "everybody" or "assumed"."""

    deliveries: int
    within: tuple[int, ...]
    p95_s: float | None
    of: str

    def share(self, seconds: int) -> float:
        """How many of one arrive within `seconds`, at the next lower bound."""
        met = [number for bound, number in zip(BOUNDS, self.within, strict=True) if bound <= seconds]
        return met[-1] / self.deliveries if met and self.deliveries else 0.0


def assumed(channel: str) -> Speed:
    usual = ASSUMED_S.get(channel, 60)
    within = tuple(round(1000 * ASSUMED_SHARE) if bound >= usual else 0 for bound in BOUNDS)
    return Speed(1000, within, float(usual), "assumed")


def speed_of(channel: str, own: Speed | None, all_people: Speed | None) -> Speed:
    """The person's own where there are enough deliveries, else everybody's, else what is usual."""
    if own is not None and own.deliveries >= ENOUGH:
        return own
    if all_people is not None and all_people.deliveries >= ENOUGH_OF_ALL:
        return all_people
    return assumed(channel)


@dataclass(frozen=True, slots=True)
class Considered:
    """A channel that could have been taken; as the trace keeps it."""

    channel: str
    cost: int
    share: float
    p95_s: float | None
    of: str


@dataclass(frozen=True, slots=True)
class Routing:
    """What was chosen and why. `then` goes out when the chosen ones have failed, or at the deadline."""

    within_s: int
    chosen: tuple[str, ...]
    then: str
    cost: int
    saved: int
    share: float
    why: str  # "meets", "budget" (a better set would cost more than is left) or "best" (none is fast enough)
    budget_left: int | None
    considered: tuple[Considered, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def route(
    costs: Mapping[str, int], speeds: Mapping[str, Speed], within_s: int, *, budget_left: int | None
) -> Routing | None:
    """The cheapest set of these channels that arrives within `within_s` in 95 of 100 cases; None without a channel.

    Where none does so, or none that the budget allows, the set that most often does. Of two that cost the same, the
    one that arrives more often, then the smaller one.
    """
    if not costs:
        return None
    shares = {channel: speeds[channel].share(within_s) for channel in costs}
    sets = [
        chosen for size in range(1, min(len(costs), 4) + 1) for chosen in combinations(sorted(costs), size)
    ]
    measured = [(sum(costs[one] for one in chosen), _together(chosen, shares), chosen) for chosen in sets]
    allowed = [one for one in measured if budget_left is None or one[0] <= max(budget_left, 0)]
    meeting = [one for one in allowed if one[1] >= TARGET]
    if meeting:
        best, why = min(meeting, key=lambda one: (one[0], -one[1], len(one[2]))), "meets"
    elif allowed:
        best = min(allowed, key=lambda one: (-round(one[1], 4), one[0], len(one[2])))
        why = "budget" if any(one[1] >= TARGET for one in measured) else "best"
    else:
        best, why = (0, 0.0, ()), "budget"
    cost, share, chosen = best
    rest = [
        (-shares[channel], costs[channel], channel)
        for channel in costs
        if channel not in chosen and (budget_left is None or cost + costs[channel] <= max(budget_left, 0))
    ]
    then = min(rest)[2] if rest and chosen else ""
    return Routing(
        within_s=within_s,
        chosen=tuple(chosen),
        then=then,
        cost=cost,
        saved=sum(costs.values()) - cost,
        share=round(share, 4),
        why=why,
        budget_left=budget_left,
        considered=tuple(
            Considered(
                channel, costs[channel], round(shares[channel], 4), speeds[channel].p95_s, speeds[channel].of
            )
            for channel in sorted(costs, key=lambda one: (costs[one], -shares[one]))
        ),
    )


def _together(chosen: Sequence[str], shares: Mapping[str, float]) -> float:
    missed = 1.0
    for channel in chosen:
        missed *= 1 - shares[channel]
    return 1 - missed


def duration_words(seconds: int) -> str:
    """In the largest unit that fits; nothing for no time."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s" if seconds else ""
