"""What follows when a delivery could not be made: again, by another provider, or not at all.

The table of the requirements: e-mail up to three retries, then the other provider; SMS at once the backup provider;
push no retry. Chats back off and obey `Retry-After`; webhooks keep the schedule of Standard Webhooks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Policy:
    """`retries` at each provider, with pauses that double from `base_s` up to `cap_s` (or those of `schedule`)."""

    retries: int
    fallback: bool = False
    base_s: float = 1.0
    cap_s: float = 10.0
    schedule: tuple[float, ...] = ()
    longest_wait_s: float = 3_600.0


EMAIL = Policy(retries=3, fallback=True)
SMS = Policy(retries=0, fallback=True)
PUSH = Policy(retries=0)
CHAT = Policy(retries=6, base_s=2.0, cap_s=300.0)
# after 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: ten attempts
WEBHOOK_SCHEDULE = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
WEBHOOK = Policy(retries=len(WEBHOOK_SCHEDULE), schedule=WEBHOOK_SCHEDULE, longest_wait_s=DAY_S)
INBOX = Policy(retries=3, base_s=1.0, cap_s=10.0)


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after `pause_s`, at the provider of that number in the channel's list."""

    pause_s: float
    provider: int


def after_failure(
    policy: Policy,
    *,
    tries: int,
    provider: int,
    providers: int,
    retry_after_s: float = 0.0,
    elsewhere: bool = False,
    slow_down: bool = False,
    rand: Callable[[], float],
) -> Again | None:
    """What follows the `tries`-th failed try at a provider; None when there is nothing left to try.

    `elsewhere` says that this provider will never take it while another one might, `slow_down` that it has too much to
    do, which takes the next longer pause. `rand` gives numbers from 0 to 1.
    """
    if tries <= policy.retries and not elsewhere:
        pause = _pause(policy, tries + slow_down, rand)
        return Again(max(pause, min(retry_after_s, policy.longest_wait_s)), provider)
    if policy.fallback and provider + 1 < providers:
        return Again(0.0, provider + 1)
    return None


def _pause(policy: Policy, tries: int, rand: Callable[[], float]) -> float:
    """A schedule's pause and up to a tenth more; else anything between nothing and the doubled pause (full jitter)."""
    if policy.schedule:
        return policy.schedule[min(tries, len(policy.schedule)) - 1] * (1 + rand() / 10)
    return rand() * min(policy.cap_s, policy.base_s * 2.0 ** (tries - 1))
