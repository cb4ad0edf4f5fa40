"""How a feed may be set, and what is known of its bars by their age."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from apps.core.manner import written
from apps.markets.choices import FeedProvider, FeedState
from apps.markets.errors import FeedSettingsInvalid

SLOWEST, FASTEST = 0.01, 10_000.0  # bars a second of a replay
FASTEST_OF_ONES_OWN = 100.0
MOST_FEEDS = 20  # of a workspace
MOST_HISTORY = 5_000
# A replay faster than a bar a second is not called late for a pause of the machine.
LEAST_LATE_S, LEAST_STALE_S = 6.0, 20.0

_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


def clean_settings(provider: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a provider, each checked, with what was left out. Raises FeedSettingsInvalid."""
    checks = _CHECKS[FeedProvider(provider)]
    for name in given:
        if name not in checks:
            raise FeedSettingsInvalid(
                gettext("{label} has no setting “{name}”; there are {join}.").format(
                    label=FeedProvider(provider).label, name=name, join=", ".join(checks)
                ),
                field=f"settings.{name}",
            )
    return {name: check(name, given.get(name)) for name, check in checks.items()}


def check_bounds(late_after: float, stale_after: float) -> None:
    """Raises FeedSettingsInvalid unless a bar is due, then late, then stale."""
    if not (math.isfinite(late_after) and 1 < late_after <= 1000):
        raise FeedSettingsInvalid(
            gettext(
                "A feed is late after more than 1 and at most 1,000 timeframes without a bar: the next is due after 1."
            ),
            field="late_after",
        )
    if not (math.isfinite(stale_after) and late_after < stale_after <= 1000):
        raise FeedSettingsInvalid(
            gettext("A feed is stale some time after it is late, and at most after 1,000 timeframes."),
            field="stale_after",
        )


@lru_cache
def exchange_ids() -> frozenset[str]:
    """Exchanges that CCXT speaks to, by its names, without importing it (that takes seconds)."""
    found = find_spec("ccxt")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "async_support"
    return frozenset(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def _uuid(name: str, value: Any) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise FeedSettingsInvalid(
            gettext("“{name}” must be the id of a set of bars, not “{value}”.").format(
                name=name, value=value or ""
            ),
            field=f"settings.{name}",
        ) from None


def _whole(least: int, most: int, default: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise FeedSettingsInvalid(
                gettext("“{name}” must be a whole number from {least:,} to {most:,}, not {value!r}.").format(
                    name=name, least=written(least), most=written(most), value=value
                ),
                field=f"settings.{name}",
            )
        return value

    return check


def _speed(name: str, value: Any) -> float:
    if value is None:
        return 1.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not SLOWEST <= value <= FASTEST:
        raise FeedSettingsInvalid(
            gettext("A replay plays {slowest:g} to {fastest:,.0f} bars a second, not {value!r}.").format(
                slowest=written(SLOWEST), fastest=written(FASTEST), value=value
            ),
            field=f"settings.{name}",
        )
    return float(value)


def _flag(default: bool) -> Callable[[str, Any], bool]:
    def check(name: str, value: Any) -> bool:
        if value is None:
            return default
        if not isinstance(value, bool):
            raise FeedSettingsInvalid(
                gettext("“{name}” must be true or false, not {value!r}.").format(name=name, value=value),
                field=f"settings.{name}",
            )
        return value

    return check


def _exchange(name: str, value: Any) -> str:
    if not isinstance(value, str) or value not in exchange_ids():
        raise FeedSettingsInvalid(
            gettext(
                "“{value}” is no exchange that CCXT knows; write its name there, such as binance, kraken or okx."
            ).format(value=value or ""),
            field=f"settings.{name}",
        )
    return value


def _market(name: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9._:/-]{1,60}", value):
        raise FeedSettingsInvalid(
            gettext("“{name}” must be the market as CCXT writes it, such as BTC/USDT, not “{value}”.").format(
                name=name, value=value or ""
            ),
            field=f"settings.{name}",
        )
    return value


def _folder(name: str, value: Any) -> str:
    if not isinstance(value, str) or not _FOLDER.fullmatch(value):
        raise FeedSettingsInvalid(
            gettext(
                "“{value}” cannot be the name of a folder: up to 60 small letters, digits, - and _."
            ).format(value=value or ""),
            field=f"settings.{name}",
        )
    return value


_CHECKS: dict[FeedProvider, dict[str, Callable[[str, Any], Any]]] = {
    FeedProvider.REPLAY: {
        "bar_set": _uuid,
        "start": _whole(0, 1 << 31, 0),
        "bars_per_second": _speed,
        "loop": _flag(True),
    },
    FeedProvider.CCXT: {
        "exchange": _exchange,
        "symbol": _market,
        "is_testnet": _flag(False),
        "websocket": _flag(True),
        "history": _whole(0, MOST_HISTORY, 500),
    },
    FeedProvider.CSV_DROP: {"folder": _folder},
}


def waiting_s(
    *,
    speed: float | None,
    timeframe_ms: int,
    last_time: int | None,
    last_received_s: float | None,
    started_s: float,
    now_s: float,
) -> float:
    """Seconds since the last bar closed, or since the feed was started while none has come after that.

    A replay (`speed` in bars a second) counts from when the bar came. Times in seconds since 1970, `last_time` is the
    last bar's opening in milliseconds.
    """
    if last_time is None or last_received_s is None or last_received_s < started_s:
        return now_s - started_s
    return now_s - (last_received_s if speed is not None else (last_time + timeframe_ms) / 1000)


def bounds_s(
    *, speed: float | None, timeframe_ms: int, late_after: float, stale_after: float
) -> tuple[float, float]:
    """After how many seconds without a bar a feed is late, and stale."""
    if speed is None:
        return late_after * timeframe_ms / 1000, stale_after * timeframe_ms / 1000
    return max(late_after / speed, LEAST_LATE_S), max(stale_after / speed, LEAST_STALE_S)


def state_by_age(*, has_bars: bool, waiting: float, late: float, stale: float) -> FeedState:
    """The state of an active feed that waits `waiting` seconds; before its first bar it is idle until that is late."""
    if waiting > stale:
        return FeedState.STALE
    if waiting > late:
        return FeedState.LATE
    return FeedState.RUNNING if has_bars else FeedState.IDLE
