"""Cells made from a first cell's analysis ask for the same work, and are refused alike, as those analysed one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.lang import check, compile_formula
from apps.engine.lang.lengths import lengths_alone
from apps.engine.lang.parser import parse
from apps.engine.sweep import axes_of, grid, run_cells, template
from apps.engine.sweep import run as sweep_run
from tests.engine.lang.programs import FIELDS, NO_SERIES, ONE_SERIES, OTHERS
from tests.engine.sweep.test_cells import same, walk

BARS = walk(60, 1)
FUNCTIONS = [
    *(f"{name}({{x}}, {{n}})" for name in ONE_SERIES),
    *(f"{name}({{n}})" for name in NO_SERIES),
    *(each for each in (*FIELDS, *OTHERS) if "{n}" in each),
    "ema({x}, {n})", "round({x}, {n})", "round(2.345, {n})", "{x}[{n}]", "bb({x}, 5, {n}).upper", "sar({n}, 3, {m})",
]  # fmt: skip
LENGTHS = ["a", "b", "c", "a", "b", "c", "3", "5", "a + 1"]


@st.composite
def swept(draw: st.DrawFn) -> tuple[str, list[dict]]:
    """A formula with inputs for lengths, and all cells of some values of them."""
    lines = [f"input {name} = {i + 3} in 1..14" for i, name in enumerate("abc")]
    sources = ["open", "high", "close", "2.5", "nz(s0[1], close)"]
    count = draw(st.integers(1, 4))
    for i in range(count):
        part = draw(st.sampled_from(FUNCTIONS))
        series = {key: draw(st.sampled_from(sources[: 4 + (i == 0)])) for key in "xyz"}
        lines.append(
            f"s{i} = " + part.format(**series, **{key: draw(st.sampled_from(LENGTHS)) for key in "nmk"})
        )
        sources.insert(0, f"s{i}")
    lines += [
        f"long when {draw(st.sampled_from(['crossover', 'crossunder']))}({sources[0]}, {sources[-3]})",
        f"exit when {sources[0]} < {draw(st.sampled_from([*sources, 'b']))}",
        draw(
            st.sampled_from(["", "", "stop_loss by atr(a)", "take_profit at sma(close, 7)", "size b units"])
        ),
    ]
    values = {name: draw(st.lists(st.integers(1, 14), min_size=1, max_size=4, unique=True)) for name in "abc"}
    if draw(st.integers(0, 7)) == 0:
        values["a"].append(15)  # refused
    cells = [{"a": a, "b": b, "c": c} for a in values["a"] for b in values["b"] for c in values["c"]]
    return "\n".join(lines) + "\n", draw(st.permutations(cells)) if draw(st.booleans()) else cells


def terms(work, column, known):
    """What a column is made of, all the way down."""
    if column not in known:
        step = work.made_by[column]
        group = None
        if step.op == "group":
            made = [(each.op, each.params) for each in step.batch.instructions]
            group = (tuple(made), step.graph is not None)
        known[column] = (
            step.op, step.scope, tuple(map(repr, step.params)), step.kinds, step.name, step.first, step.cost, group,
            step.outputs.index(column), tuple(terms(work, each, known) for each in step.inputs),
        )  # fmt: skip
    return known[column]


def asked(text, cells, fewest):
    """Everything a sweep is about to do for each cell, or the refusal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "FEWEST_CELLS", fewest)
        patch.setattr(template, "WORTH", 0)
        try:
            work, tasks, identity = sweep_run.plan_of(text, BARS, cells)
        except Exception as error:
            return type(error), str(error)
    known = {}
    orders = [
        [
            None if order is None else (order.kind, repr(order.value), order.column and terms(work, order.column, known))
            for order in (task.stop, task.target, task.trail)
        ]
        for task in tasks
    ]  # fmt: skip
    conditions = [
        [(c.flag, terms(work, c.column, known), c.first, len(c.late)) for c in task.conditions]
        for task in tasks
    ]
    return [
        (list(task.inputs.items()), condition, order, task.size, task.exit_after)
        for task, condition, order in zip(tasks, conditions, orders, strict=True)
    ], identity


@settings(max_examples=150, deadline=None)
@given(swept())
def test_templates_change_nothing(case):
    text, cells = case
    assert asked(text, cells, 1) == asked(text, cells, 10**9)


@pytest.mark.prove
@settings(deadline=None)
@given(swept())
def test_templates_change_nothing_ever(case):
    text, cells = case
    assert asked(text, cells, 1) == asked(text, cells, 10**9)


SHAPES = {
    "cross": ("crossover(ema(close, a), ema(close, b))", ["a", "b"]),
    "in one function": ("macd(close, a, b, 9).hist > 0", []),
    "twice in one function": ("macd(close, a, a, b).hist > 0", []),
    "a number of bars ago": ("close > close[a] and rsi(close, b) < 70", ["b"]),
    "a level": ("rsi(close, a) < b", ["a"]),
    "of a series": ("max(a, close) > sma(close, b)", ["b"]),
    "another timeframe": ('tf("1d", ema(close, a)) > ema(close, b)', []),
    "in brackets": ("ema(close, (a)) > ema(close, b)", ["a", "b"]),
    "computed": ("ema(close, a + 1) > ema(close, b)", ["b"]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_inputs_that_are_lengths_alone(name):
    condition, alone = SHAPES[name]
    parsed = parse(f"input a = 3\ninput b = 9\nlong when {condition}\n")
    assert not parsed.problems
    assert list(lengths_alone(parsed.formula, ["a", "b"])) == alone


def test_an_alerts_text_is_a_place_too():
    parsed = parse(
        'input a = 3\nlong when close > ema(close, a)\nalert "over {a}" when close > ema(close, a)\n'
    )
    assert lengths_alone(parsed.formula, ["a"]) == {}


def test_constants_that_a_length_decides_are_not_folded_apart():
    """round(2.345, a) and round(3.456, b) are constants, and so is the larger: no cell can take it from another."""
    text = (
        "input a = 1 in 0..3\ninput b = 1 in 0..3\n"
        "long when close > 98 + max(round(2.345, a), round(2.2345, b) + 0.1)\nexit long when close < 98\n"
    )
    cells = grid(axes_of({"a": "0..3", "b": "0..3"}, check(text).inputs))
    same(text, walk(300, 4), cells)


def test_few_cells_are_analysed(monkeypatch):
    """400 cells of two averages: once for each value, and not a second time."""
    from apps.engine.sweep.template import analyse

    seen = []

    def counted(*arguments, **more):
        seen.append(arguments[1])
        return analyse(*arguments, **more)

    monkeypatch.setattr(template, "analyse", counted)
    monkeypatch.setattr(sweep_run, "analyse", counted)
    text = (
        "input fast = 9 in 2..50\ninput slow = 21 in 5..200\n"
        "long when crossover(ema(close, fast), ema(close, slow))\nexit long when close < sma(close, 30)\n"
    )
    cells = grid(axes_of({"fast": "5..24", "slow": "25..44"}, check(text).inputs))
    work, tasks, _ = sweep_run.plan_of(text, BARS, cells)
    assert len(seen) == 1 + 1 + 40
    for cell, task in list(zip(cells, tasks, strict=True))[::37]:
        program = compile_formula(text, cell)
        firsts = [program.chart.values[watch.ref].first for watch in program.plan.watches]
        assert [condition.first for condition in task.conditions] == firsts
        made = {(step.op, step.params) for step in work.steps if step.op == "ema"}
        assert made >= {(each.op, each.params) for each in program.chart.instructions if each.op == "ema"}


@pytest.mark.parametrize("fast", ["2..9", "9,8,7,6,5,4,3,2"])
def test_overlapping_ranges_are_the_single_backtests(fast):
    """Where both averages are the same there is one less, and a literal is one of the values too."""
    text = (
        "input fast = 3 in 2..50\ninput slow = 5 in 2..50\n"
        "long when crossover(ema(close, fast), ema(close, slow)) or crossover(close, ema(close, 6))\n"
        "exit long when crossunder(ema(close, fast), ema(close, slow))\n"
    )
    cells = grid(axes_of({"fast": fast, "slow": "2..9"}, check(text).inputs))
    results = same(text, walk(200, 6), cells)
    assert len({np.round(found.metrics["final_equity"], 6) for found in results}) > 20
    assert [cell.inputs for cell in run_cells(text, walk(200, 6), cells)] == cells
