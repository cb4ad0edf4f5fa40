"""The table of operators: everything a compiled formula is made of.

One row per step: what goes in and out, what it remembers, and from which bar on it has a value. The array
kernels (`kernels.py`) and the machine that runs a whole formula for one bar (`machine.py`) are written from
this table by `generate.py`; the compiler reads look-back, memory and cost from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log10, nan
from typing import Any

from apps.engine.indicators.steps import (
    arithmetic,
    averages,
    events,
    moments,
    momentum,
    ranks,
    spread,
    trend,
    volume,
)

Params = tuple[float, ...]


@dataclass(frozen=True)
class Operator:
    """One operator. `inputs` and `outputs` have a letter per value: f number, b true/false; `params` a letter
    per constant: i whole, f number. `state` is the state before the first bar. `memory(params)` is the number
    of floats of window, `warmup(params)` for each output the bars by which it starts after its inputs,
    `cost(params)` a bound on its work per bar, on average over a run: visits to numbers of the window, one at
    least.
    """

    name: str
    step: Callable[..., Any]
    inputs: str
    params: str = ""
    outputs: str = "f"
    state: tuple[float, ...] = ()
    memory: Callable[..., int] | None = None
    warmup: Callable[..., tuple[int, ...]] = lambda *params: (0,)
    cost: Callable[..., int] = lambda *params: 1


def _window(n: int, *_: float) -> int:
    return int(n)


def _less_one(n: int, *_: float) -> tuple[int, ...]:
    return (int(n) - 1,)


def _all(n: int, *_: float) -> tuple[int, ...]:
    return (int(n),)


def _both_less_one(n: int) -> tuple[int, ...]:
    return (n - 1, n - 1)


def _two_windows(n: int) -> int:
    return 2 * n


def _two_sides(left: int, right: int) -> int:
    return 2 * (left + right + 1)


def _sides(left: int, right: int) -> tuple[int, ...]:
    return (left + right,)


def _running(n: int) -> int:
    """Running sums: a value enters and one leaves; some visit all n once in n bars."""
    return 6


def _queue(*_: int) -> int:
    """A queue of candidates: each value enters once, is looked at by the next and leaves once."""
    return 4


def _sorted(n: int) -> int:
    """Two binary searches, and every value between the place of the oldest and that of the newest moves."""
    return n + 2 * n.bit_length()


def _moments(n: int) -> int:
    """Sums carried on, and taken afresh in at most 6 visits to each value.

    That happens once in n bars, and when the spread falls below n * ROUNDING of what it was, of which no n bars
    hold more than fit between the largest and the smallest square there is (1e300 to 1e-308).
    """
    falls = 608 / -log10(min(n * moments.ROUNDING, 0.5))
    return 8 + 6 * min(n, 1 + ceil(falls))


def _plain(names: str, inputs: str, outputs: str = "f") -> list[Operator]:
    return [
        Operator(name, getattr(arithmetic, f"{name}_step"), inputs, outputs=outputs) for name in names.split()
    ]


_ROWS: list[Operator] = [
    *_plain("add sub mul div mod max min pow nz gate ratio percent_of roc", "ff"),
    *_plain("neg abs sign floor ceil sqrt log exp", "f"),
    *_plain("lt le gt ge eq ne", "ff", "b"),
    *_plain("and or same differ", "bb", "b"),
    *_plain("not", "b", "b"),
    *_plain("is_na", "f", "b"),
    *_plain("stoch williams", "fff"),
    Operator("choose", arithmetic.choose_step, "bff"),
    Operator("choose_bool", arithmetic.choose_bool_step, "bbb", outputs="b"),
    Operator("round", arithmetic.round_step, "f", "i"),
    # averages
    Operator("sma", averages.sma_step, "f", "i", "f", (0.0,) * 6, _window, _less_one, _running),
    Operator("sum", averages.sum_step, "f", "i", "f", (0.0,) * 6, _window, _less_one, _running),
    Operator(
        "ema", averages.ema_step, "f", "ii", state=(0.0, 0.0, nan), warmup=lambda n, skip: (n + skip - 1,)
    ),
    Operator("rma", averages.rma_step, "f", "i", state=(0.0, 0.0, nan), warmup=_less_one),
    Operator("wma", averages.wma_step, "f", "i", "f", (0.0,) * 6, _window, _less_one, _running),
    Operator(
        "kama",
        averages.kama_step,
        "f",
        "i",
        state=(0.0, 0.0, 0.0, nan),
        memory=lambda n: n + 1,
        warmup=_all,
        cost=_running,
    ),
    Operator(
        "alma",
        averages.alma_step,
        "f",
        "iff",
        state=(0.0, 0.0, 0.0),
        memory=lambda n, *_: 2 * n,
        warmup=_less_one,
        cost=_window,
    ),
    Operator("vwap", averages.vwap_step, "fff", state=(nan, 0.0, 0.0)),
    # spread and range
    Operator("variance", moments.variance_step, "f", "i", "f", (0.0,) * 6, _window, _less_one, _moments),
    Operator("stdev", moments.stdev_step, "f", "i", "f", (0.0,) * 6, _window, _less_one, _moments),
    Operator("true_range", spread.true_range_step, "fff", state=(nan,), warmup=lambda: (1,)),
    Operator("atr", spread.atr_step, "fff", "i", state=(0.0, nan, 0.0), warmup=_all),
    Operator("highest", ranks.highest_step, "f", "i", "ff", (0.0,) * 3, _two_windows, _both_less_one, _queue),
    Operator("lowest", ranks.lowest_step, "f", "i", "ff", (0.0,) * 3, _two_windows, _both_less_one, _queue),
    Operator("median", ranks.median_step, "f", "i", "f", (0.0,) * 2, _two_windows, _less_one, _sorted),
    Operator("percentrank", ranks.percentrank_step, "f", "i", "f", (0.0,) * 2, _window, _all, _window),
    Operator("linreg", moments.linreg_step, "f", "i", "ff", (0.0,) * 7, _window, _both_less_one, _moments),
    Operator(
        "correlation",
        moments.correlation_step,
        "ff",
        "i",
        "f",
        (0.0,) * 11,
        _two_windows,
        _less_one,
        _moments,
    ),
    # momentum
    Operator("rsi", momentum.rsi_step, "f", "i", state=(0.0, nan, 0.0, 0.0), warmup=_all),
    Operator("cmo", momentum.cmo_step, "f", "i", state=(0.0, nan, 0.0, 0.0), warmup=_all),
    Operator("cci", momentum.cci_step, "f", "i", "f", (0.0,) * 2, _window, _less_one, lambda n: 2 * n),
    Operator("mfi", momentum.mfi_step, "ff", "i", "f", (0.0, 0.0, nan, *(0.0,) * 6), _window, _all, _running),
    # trend
    Operator(
        "dmi",
        trend.dmi_step,
        "fff",
        "i",
        "fff",
        (0.0, nan, nan, nan, 0.0, 0.0, 0.0, 0.0),
        warmup=lambda n: (n, n, 2 * n - 1),
    ),
    Operator(
        "supertrend",
        trend.supertrend_step,
        "fff",
        "f",
        "ff",
        (0.0, 0.0, nan, nan, 0.0, nan),
        warmup=lambda factor: (0, 0),
    ),
    Operator(
        "sar", trend.sar_step, "ff", "fff", state=(0.0, 0.0, 0.0, 0.0, nan, nan), warmup=lambda *_: (1,)
    ),
    # volume
    Operator("cum", volume.cum_step, "f", state=(0.0,)),
    Operator("obv", volume.obv_step, "ff", state=(nan, 0.0)),
    Operator("ad", volume.ad_step, "ffff", state=(0.0,)),
    Operator(
        "adosc",
        volume.adosc_step,
        "f",
        "ii",
        state=(0.0, 0.0, 0.0),
        warmup=lambda fast, slow: (max(fast, slow) - 1,),
    ),
    # events
    Operator("crossover", events.crossover_step, "ff", outputs="b", state=(nan, nan), warmup=lambda: (1,)),
    Operator("crossunder", events.crossunder_step, "ff", outputs="b", state=(nan, nan), warmup=lambda: (1,)),
    Operator("cross", events.cross_step, "ff", outputs="b", state=(nan, nan), warmup=lambda: (1,)),
    Operator("rising", events.rising_step, "f", "i", "b", (0.0, 0.0, 0.0, nan), _two_windows, _all, _queue),
    Operator("falling", events.falling_step, "f", "i", "b", (0.0, 0.0, 0.0, nan), _two_windows, _all, _queue),
    Operator("barssince", events.barssince_step, "b", state=(nan,)),
    Operator("valuewhen", events.valuewhen_step, "bf", "i", state=(0.0, 0.0), memory=lambda k: k + 1),
    Operator("fixnan", events.fixnan_step, "f", state=(nan,)),
    Operator("pivothigh", events.pivothigh_step, "f", "ii", "f", (0.0,) * 3, _two_sides, _sides, _queue),
    Operator("pivotlow", events.pivotlow_step, "f", "ii", "f", (0.0,) * 3, _two_sides, _sides, _queue),
]

OPERATORS: dict[str, Operator] = {operator.name: operator for operator in _ROWS}

# The machine's instruction numbers: history is an operator of two halves, reading early and writing late.
HISTORY_READ = 0
HISTORY_PUSH = 1
OPCODES: dict[str, int] = {name: number for number, name in enumerate(OPERATORS, start=2)}
MOST_INPUTS = max(len(operator.inputs) for operator in _ROWS)
