"""An independent Pine runtime (PineTS), run as a process of its own: a yardstick, never a part of the product."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.program.calendar import periods, read_timeframe

FOLDER = Path(__file__).parent
INSTALLED = Path(os.environ.get("PINE_RUNTIME", FOLDER.parents[3] / "var" / "pine-runtime"))
COLUMNS = ("open", "high", "low", "close", "volume")
TIMEOUT_S = 300


@dataclass
class Answer:
    """What a script did: `plots` float64[n] by title, `alerts` as (bar, message), trades as dicts."""

    plots: dict[str, np.ndarray] = field(default_factory=dict)
    alerts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    trades: list[dict[str, Any]] = field(default_factory=list)


@cache
def why_not() -> str:
    """Why the runtime cannot run here; empty where it can."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (INSTALLED / "node_modules" / "pinets").is_dir():
        return f"PineTS is not installed in {INSTALLED}: run make pine-check"
    return ""


def run_scripts(
    scripts: list[str], bars: Bars, timeframe: str, frames: tuple[str, ...] = (), mintick: float = 0.01
) -> list[Answer]:
    """Each script on `bars`. `timeframe` is the bars' in Pine's words, `frames` those of higher ones ("4h").

    Raises AssertionError with the runtime's message where a script does not run.
    """
    higher = {pine: _gather(bars, frame) for frame, pine in ((f, _PINE[f]) for f in frames)}
    job = {
        "bars": _columns(bars, bars.time, bars.time + bars.timeframe_ms),
        "timeframe": timeframe,
        "timezone": bars.timezone,
        "mintick": mintick,
        "frames": higher,
        "scripts": scripts,
    }
    done = subprocess.run(
        ["node", str(FOLDER / "run.mjs")],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "PINE_RUNTIME": str(INSTALLED)},
    )
    lines = done.stdout.splitlines()
    assert len(lines) == len(scripts), done.stderr[-2000:]
    return [_answer(json.loads(line), script) for line, script in zip(lines, scripts, strict=True)]


_PINE = {"4h": "240", "1d": "1D", "1w": "1W"}


def _answer(content: dict[str, Any], script: str) -> Answer:
    assert "error" not in content, f"{content['error']}\n\n{script}"
    plots = {
        name: np.array([np.nan if v is None else v for v in data]) for name, data in content["plots"].items()
    }
    alerts = [(alert["bar"], json.loads(alert["message"])) for alert in content["alerts"]]
    return Answer(plots, alerts, content["trades"])


def _columns(bars: Bars, opens: np.ndarray, closes: np.ndarray) -> dict[str, Any]:
    values = {name: [None if v != v else v for v in getattr(bars, name).tolist()] for name in COLUMNS}
    return {"open_time": opens.tolist(), "close_time": closes.tolist(), **values}


def _gather(bars: Bars, name: str) -> dict[str, Any]:
    """The bars of a higher timeframe as TradingView would have them, the last one possibly unfinished."""
    frame = read_timeframe(name)
    assert frame is not None
    period, _ = periods(bars.time, bars.timeframe_ms, bars.timezone, frame)
    starts = np.flatnonzero(np.diff(period, prepend=period[0] - 1))
    ends = np.append(starts[1:], len(bars)) - 1
    opens = period[starts]
    values = {
        "open": bars.open[starts],
        "high": np.maximum.reduceat(bars.high, starts),
        "low": np.minimum.reduceat(bars.low, starts),
        "close": bars.close[ends],
        "volume": np.add.reduceat(bars.volume, starts),
    }
    return {
        "open_time": opens.tolist(),
        "close_time": (opens + frame.length).tolist(),
        **{column: data.tolist() for column, data in values.items()},
    }
