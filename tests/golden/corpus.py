"""What the engine said when its version was made: formulas on bars, and the figures of their results.

`python -m tests.golden.corpus` writes the file again. It refuses while the figures differ and the engine's version does
not: a change of any result is a new version (apps/engine/version.py).
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.bars import Bars
from apps.engine.result import BacktestResult, run_backtest
from apps.engine.sim.spec import SimParams
from apps.engine.version import ENGINE_VERSION
from apps.formulas.library import templates
from apps.markets.providers.sample import sample_bars, synthetic_hours, synthetic_minutes

FILE = Path(__file__).with_name("corpus.json")
POINTS = 12  # of each equity curve

CROSS = "fast = ema(close, 9)\nslow = ema(close, 21)\nlong when crossover(fast, slow)\nexit long when crossunder(fast, slow)\n"
BOTH = CROSS + "short when crossunder(fast, slow)\nexit short when crossover(fast, slow)\n"
STOPS = CROSS + "stop_loss 2%\ntake_profit 3%\n"


@dataclass(frozen=True)
class Case:
    """A formula, the bars it runs on (a key of BARS) and the conditions."""

    name: str
    text: str
    bars: str
    params: dict[str, Any] = field(default_factory=dict)
    finer: str | None = None


@functools.cache
def minutes() -> Bars:
    return synthetic_minutes(20_000)


@functools.cache
def bars_of(name: str) -> Bars:
    if name == "minutes":
        return minutes()
    if name == "hours":
        return synthetic_hours(minutes())
    return sample_bars(name)


def cases() -> list[Case]:
    """Every template of the library on real days and on synthetic minutes, and a run for each kind of condition."""
    found = [
        Case(f"{template.key} on {bars}", template.text, bars, {"slippage_bps": 2.0})
        for template in templates()
        for bars in (["minutes"] if "tf(" in template.text else ["AAPL", "minutes"])
    ]
    return [
        *found,
        Case("cross without costs", CROSS, "IBM", {"fee": 0.0}),
        Case("cross at the close", CROSS, "IBM", {"fill": "close"}),
        Case(
            "long and short with borrow and funding",
            BOTH,
            "MSFT",
            {"borrow_per_day": 0.0002, "funding_per_day": 0.0001},
        ),
        Case(
            "ticks, lots and minima",
            BOTH,
            "GOOG",
            {"tick": 0.05, "lot": 1.0, "min_size": 5.0, "min_notional": 500.0},
        ),
        Case("stop and target on hours", STOPS, "hours", {"slippage_bps": 5.0}),
        Case("stop and target on hours, minutes decide", STOPS, "hours", {"slippage_bps": 5.0}, "minutes"),
        Case(
            "risk sizing, trail and exit after",
            CROSS + "stop_loss by 2 * atr(14)\ntrailing_stop 5%\nsize risk 1%\nexit after 15 bars\n",
            "AAPL",
        ),
        Case(
            "a short that loses everything",
            "short when bar_index == 30\nsize 100%\n",
            "AAPL",
            {"cash": 1_000.0},
        ),
    ]


def run(case: Case) -> BacktestResult:
    finer = bars_of(case.finer) if case.finer else None
    return run_backtest(case.text, bars_of(case.bars), None, SimParams(**case.params), finer=finer)


def figures_of(result: BacktestResult) -> dict[str, Any]:
    """The result in few numbers: metrics, counts, sums over the trades, points of the curve; `sha256` of all it says.

    The identity is left out, which bears the version, and the honesty panel, whose seed is the identity.
    """
    trades = result.simulation.trades
    equity = result.equity
    places = np.linspace(0, len(equity) - 1, POINTS).astype(int)
    whole = json.loads(result.to_json_bytes())
    for part in ("hashes", "honesty"):
        whole.pop(part)
    return {
        "metrics": result.metrics,
        "counts": result.counts,
        "trades": {
            name: math.fsum(getattr(trades, name).tolist())
            for name in (
                "side",
                "entry_index",
                "exit_index",
                "entry_price",
                "exit_price",
                "size",
                "pnl",
                "reason",
            )
        },
        "equity": equity[places].tolist(),
        "sha256": hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest(),
    }


def machine() -> str:
    """Where bytes can be expected to be the same: exp, log and pow come from the system, sums from NumPy's loops."""
    processor = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line for line in info.read_text().splitlines() if line.startswith("model name"))
        processor = next(lines, "").partition(":")[2].strip()
    return f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())} numpy {np.__version__} {processor}"


def main() -> int:
    made = {case.name: figures_of(run(case)) for case in cases()}
    content = {"engine": ENGINE_VERSION, "machine": machine(), "cases": made}
    if FILE.exists():
        old = json.loads(FILE.read_text())
        changed = [name for name, figures in old["cases"].items() if made.get(name) != figures]
        if changed and old["engine"] == ENGINE_VERSION and old["machine"] == machine():
            sys.stderr.write(
                f"{len(changed)} results changed, but not the engine's version: raise it first.\n"
            )
            return 1
    FILE.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"{len(made)} results of engine {ENGINE_VERSION}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
