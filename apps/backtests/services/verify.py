"""Running stored backtests again, to see that today's engine still says what was said then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import QuerySet

from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.services.run import compute_backtest
from apps.backtests.services.storage import sha256_of
from apps.core.errors import DomainError
from apps.engine.lang import FormulaError
from apps.engine.sim.spec import SimulationError

SAME, UNCHANGED, DIFFERENT, UNREADABLE = "same bytes", "unchanged", "different", "unreadable"
MOST_TOLD = 20


@dataclass(frozen=True)
class Verification:
    """What running a stored backtest again showed.

    `same bytes`: the whole file, of this engine version. `unchanged`: another engine version made it, and all that it
    said still holds. `different`: what changed, a line each. `unreadable`: why it cannot be run again.
    """

    backtest: Backtest
    outcome: str
    differences: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.outcome in (SAME, UNCHANGED)


def verify_backtests(backtests: QuerySet[Backtest]) -> Iterator[Verification]:
    """Each finished run of `backtests`, run again, oldest first."""
    done = backtests.filter(status=Status.DONE).defer(None).order_by("id")
    for backtest in done.iterator(chunk_size=100):
        yield verify_backtest(backtest)


def verify_backtest(backtest: Backtest) -> Verification:
    try:
        with default_storage.open(backtest.result_path, "rb") as file:
            stored = file.read()
        again = compute_backtest(backtest).to_json_bytes()
    except OSError as error:
        return Verification(backtest, UNREADABLE, [f"a file is missing: {error.strerror or error}"])
    except (DomainError, FormulaError, SimulationError) as error:
        return Verification(backtest, DIFFERENT, [f"the run is refused now: {error}"])
    if backtest.result_sha256 and sha256_of(stored) != backtest.result_sha256:
        return Verification(backtest, DIFFERENT, ["the stored file is not the one that was written"])
    if stored == again:
        return Verification(backtest, SAME)
    differences = differences_between(json.loads(stored), json.loads(again))
    if differences:
        return Verification(backtest, DIFFERENT, differences)
    return Verification(backtest, UNCHANGED)


def differences_between(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What `old` says otherwise than `new`, a line each; the identity aside, and what only one of them knows."""
    found: list[str] = []
    for part in ("metrics", "counts"):
        for name, value in old.get(part, {}).items():
            if name in new[part] and new[part][name] != value:
                found.append(f"{part}.{name}: {value} -> {new[part][name]}")
    found += _trade_differences(old["trades"], new["trades"])
    if old["open_trade"] != new["open_trade"]:
        found.append(f"open_trade: {old['open_trade']} -> {new['open_trade']}")
    found += _curve_differences(old["equity"], new["equity"])
    if len(found) > MOST_TOLD:
        found = [*found[:MOST_TOLD], f"and {len(found) - MOST_TOLD} more"]
    return found


def _trade_differences(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    if len(old) != len(new):
        return [f"trades: {len(old)} -> {len(new)}"]
    found = []
    for number, (before, after) in enumerate(zip(old, new, strict=True), start=1):
        for name in before.keys() & after.keys():
            if before[name] != after[name]:
                found.append(f"trade {number}, {name}: {before[name]} -> {after[name]}")
    return found


def _curve_differences(old: dict[str, list[Any]], new: dict[str, list[Any]]) -> list[str]:
    if old["time"] != new["time"]:
        return [f"equity: {len(old['time'])} closes -> {len(new['time'])}, or at other times"]
    for time, before, after in zip(old["time"], old["value"], new["value"], strict=True):
        if before != after:
            return [f"equity from {time} on: {before} -> {after}"]
    return []
