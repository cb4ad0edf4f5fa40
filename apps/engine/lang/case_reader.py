"""Test cases of a formula out of JSON, strictly: what is wrong is named with its place.

A case is an object:

    {"name": "turns short, then long", "settings": {"key": 1},
     "timeframe": "1d", "timezone": "UTC", "symbol": "", "start": "2024-01-01", "spread": 1,
     "bars": [100, 101, 102],
     "signals": [{"bar": 6, "kind": "short"}, {"time": "2024-01-11T00:00:00Z", "kind": "long"}], "from": 0,
     "series": {"line": [null, null, null, 100]}, "tolerance": 1e-9, "snapshot": false}

Only `name`, `bars` and `signals` are needed. The signals from bar `from` on must be exactly those listed. An expected
series is compared from its first value on, null being na; `case_bars` says how bars may be written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from apps.engine.bars import Bars
from apps.engine.lang.case_bars import MAX_BARS, CaseError, read_bars, read_time
from apps.engine.lang.errors import nearest
from apps.engine.program.program import FLAGS

MAX_CASES = 100
MAX_TOTAL_BARS = 50_000
MAX_SETTINGS = 20
MAX_NAME = 120
MAX_SERIES = 50
MAX_TEXT = 1_000
TOLERANCE = 1e-9
KINDS = tuple(FLAGS)
_KEYS = (
    "name", "settings", "timeframe", "timezone", "symbol", "start", "spread", "bars",
    "signals", "from", "series", "tolerance", "snapshot",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class ExpectedSignal:
    """A signal on the bar of this index. `text` None stands for any text of an alert."""

    bar: int
    kind: str
    text: str | None = None

    def covers(self, bar: int, kind: str, text: str) -> bool:
        return self.bar == bar and self.kind == kind and self.text in (None, text)


@dataclass(frozen=True)
class Case:
    """One test: `signals` are all that may fire from bar `first` on; `series` maps names to values from bar 0 on."""

    name: str
    settings: dict[str, Any]
    bars: Bars
    signals: tuple[ExpectedSignal, ...]
    first: int = 0
    series: dict[str, tuple[float, ...]] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    is_snapshot: bool = False


def read_cases(content: Any) -> list[Case]:
    """The cases of a JSON list. Raises CaseError with the place of the first thing that is wrong."""
    if not isinstance(content, list):
        raise CaseError("", "expected a list of tests")
    if len(content) > MAX_CASES:
        raise CaseError("", f"{len(content)} tests are more than the {MAX_CASES} a formula may have")
    cases: list[Case] = []
    total = 0
    for i, item in enumerate(content):
        case = read_case(item, f"/{i}")
        total += len(case.bars)
        if total > MAX_TOTAL_BARS:
            raise CaseError(f"/{i}/bars", f"all tests together have more than {MAX_TOTAL_BARS} bars")
        if any(case.name == other.name for other in cases):
            raise CaseError(f"/{i}/name", f"two tests are called {case.name!r}")
        cases.append(case)
        if len({settings_key(one.settings) for one in cases}) > MAX_SETTINGS:
            raise CaseError(
                f"/{i}/settings", f"the tests have more than {MAX_SETTINGS} different sets of settings"
            )
    return cases


def settings_key(settings: Mapping[str, Any]) -> str:
    """The same text for the same settings."""
    return json.dumps(settings, sort_keys=True)


def read_case(content: Any, place: str = "") -> Case:
    """One case; `place` is where it stands. Raises CaseError."""
    if not isinstance(content, dict):
        raise CaseError(place, "a test is an object with name, bars and signals")
    for key in content:
        if key not in _KEYS:
            hint = nearest(str(key), _KEYS) or f"a test has {', '.join(_KEYS)}"
            raise CaseError(f"{place}/{str(key)[:60]}", "a test has no such part", hint)
    for key in ("name", "bars", "signals"):
        if key not in content:
            raise CaseError(place, f"the test has no {key}")
    name = _text(content, "name", place, "").strip()
    if not 0 < len(name) <= MAX_NAME:
        raise CaseError(f"{place}/name", f"a name has 1 to {MAX_NAME} characters")
    timezone = _text(content, "timezone", place, "UTC")
    bars = read_bars(
        content["bars"],
        f"{place}/bars",
        timeframe=_text(content, "timeframe", place, "1d"),
        timezone=timezone,
        symbol=_text(content, "symbol", place, "")[:40],
        start=_text(content, "start", place, "") or None,
        spread=_at_least_0(content, "spread", place, 0.0),
    )
    first = content.get("from", 0)
    if not isinstance(first, int) or isinstance(first, bool) or not 0 <= first <= len(bars):
        raise CaseError(f"{place}/from", f"expected a bar from 0 to {len(bars)}, found {first!r}"[:120])
    is_snapshot = content.get("snapshot", False)
    if not isinstance(is_snapshot, bool):
        raise CaseError(f"{place}/snapshot", "expected true or false")
    return Case(
        name=name,
        settings=_settings(content.get("settings", {}), f"{place}/settings"),
        bars=bars,
        signals=_signals(content["signals"], f"{place}/signals", bars, first),
        first=first,
        series=_series(content.get("series", {}), f"{place}/series", len(bars)),
        tolerance=_at_least_0(content, "tolerance", place, TOLERANCE),
        is_snapshot=is_snapshot,
    )


def _text(content: dict[str, Any], key: str, place: str, default: str) -> str:
    value = content.get(key, default)
    if not isinstance(value, str):
        raise CaseError(f"{place}/{key}", f"expected a text, found {value!r}"[:120])
    return value


def _at_least_0(content: dict[str, Any], key: str, place: str, default: float) -> float:
    value = content.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e300:
        raise CaseError(f"{place}/{key}", f"expected a number of at least 0, found {value!r}"[:120])
    return float(value)


def _settings(content: Any, place: str) -> dict[str, Any]:
    if not isinstance(content, dict) or not all(_is_setting(value) for value in content.values()):
        raise CaseError(place, "expected an object that gives inputs their values")
    return content


def _is_setting(value: Any) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _signals(content: Any, place: str, bars: Bars, first: int) -> tuple[ExpectedSignal, ...]:
    if not isinstance(content, list):
        raise CaseError(place, "expected a list of signals; an empty one says that none fires")
    if len(content) > MAX_BARS * len(KINDS):
        raise CaseError(place, f"{len(content)} signals are more than such bars can give")
    by_time = {time: i for i, time in enumerate(bars.time.tolist())}
    zone = ZoneInfo(bars.timezone)
    found = []
    for i, item in enumerate(content):
        at = f"{place}/{i}"
        if not isinstance(item, dict) or not set(item) <= {"bar", "time", "kind", "text"}:
            raise CaseError(at, "a signal has bar or time, kind, and of an alert its text")
        if ("bar" in item) == ("time" in item):
            raise CaseError(at, "a signal has either bar or time")
        kind = item.get("kind")
        if kind not in KINDS:
            hint = nearest(str(kind), KINDS) or f"one of {', '.join(KINDS)}"
            raise CaseError(f"{at}/kind", f"{kind!r} is not a kind of signal"[:120], hint)
        if "bar" in item:
            bar = item["bar"]
            if not isinstance(bar, int) or isinstance(bar, bool) or not 0 <= bar < len(bars):
                raise CaseError(f"{at}/bar", f"expected a bar from 0 to {len(bars) - 1}, found {bar!r}"[:120])
        else:
            bar = by_time.get(read_time(item["time"], f"{at}/time", zone))
            if bar is None:
                raise CaseError(f"{at}/time", f"no bar opens at {item['time']}")
        if bar < first:
            raise CaseError(at, f"bar {bar} comes before bar {first}, from which signals are compared")
        text = item.get("text")
        if text is not None and (not isinstance(text, str) or kind != "alert"):
            raise CaseError(f"{at}/text", "only an alert has a text")
        if text is not None and len(text) > MAX_TEXT:
            raise CaseError(f"{at}/text", f"a text has at most {MAX_TEXT} characters")
        found.append(ExpectedSignal(bar, kind, text))
    return tuple(found)


def _series(content: Any, place: str, size: int) -> dict[str, tuple[float, ...]]:
    if not isinstance(content, dict):
        raise CaseError(place, "expected an object that gives each series a list of values")
    if len(content) > MAX_SERIES:
        raise CaseError(place, f"{len(content)} series are more than the {MAX_SERIES} a test may have")
    series = {}
    for name, values in content.items():
        at = f"{place}/{str(name)[:60]}"
        if not isinstance(values, list) or len(values) > size:
            raise CaseError(at, f"expected a list of at most {size} values, one per bar")
        for i, value in enumerate(values):
            if value is not None and (not isinstance(value, bool | int | float) or not abs(value) < 1e300):
                raise CaseError(f"{at}/{i}", f"expected a number, true, false or null, found {value!r}"[:120])
        series[str(name)] = tuple(math.nan if value is None else float(value) for value in values)
    return series
