"""A cohort says for every bot, bit for bit, what its program says alone; bots join and leave without a trace."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.generate import cohort as writer
from apps.engine.generate.cohort_codes import BLOCK
from apps.engine.lang import EvaluationError, Program, ProgramState, check, compile_formula
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.program.cohort import Cohort, CohortResult, CohortState, Source
from tests.engine.lang.programs import bars_with_holes, formulas
from tests.engine.lang.test_one_code import example_call

LITERAL = re.compile(r"(?<=[\[( ])([1-9](?:\.\d)?)(?=[\]),])")
EXAMPLE = """input fast = 3 in 2..50
input slow = 8 in 5..200
input level = 70 in 1..99
fast_ma = ema(close, fast)
slow_ma = sma(close, slow)
daily = tf("1d", ema(close, fast))
line = close > nz(line[1], 0) ? max(nz(line[1], 0), close - level / 10) : close + level / 10
long when crossover(fast_ma, slow_ma) and rsi(close, 14) < level
exit long when crossunder(fast_ma, slow_ma) or close < daily
stop_loss by level / 10
take_profit at slow_ma[2] * 2
alert "{level} {fast_ma} {daily} on {symbol}, {time}" when close > slow_ma
plot line as "Line"
"""


def with_inputs(text: str) -> tuple[str, list[tuple[str, bool]]]:
    """The formula with inputs in place of its plain numbers, and each input's name and whether it is whole."""
    names: list[tuple[str, bool]] = []

    def replace(found: re.Match[str]) -> str:
        whole = "." not in found[1]
        names.append((f"n{len(names)}", whole))
        inputs.append(f"input n{len(names) - 1} = {found[1]} in {'1..9' if whole else '0.5..9.5'}")
        return f"n{len(names) - 1}"

    inputs: list[str] = []
    body = "\n".join(
        LITERAL.sub(replace, line) if not line.startswith("alert") else line for line in text.splitlines()
    )
    return "\n".join([*inputs, body]), names


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal to the bit, but for the sign and payload of na and the sign of zero."""
    return bool(np.array_equal(a, b, equal_nan=True))


def assert_same(result: CohortResult, bot: int, program: Program, alone: tuple[ProgramState, object]) -> None:
    _, step = alone
    assert result.flags[bot] == step.flags
    for name in ("stop", "target", "trail"):
        assert same_bits(getattr(result, name)[bot], getattr(step, name)), (name, bot)
    for ours, theirs in ((result.series, step.series), (result.plots, step.plots)):
        for name, value in theirs.items():
            assert same_bits(ours[name][bot], value), (name, bot, ours[name][bot], value)
    assert result.signals(bot) == step.signals
    assert (bot in result.speaking) == bool(step.held)


def assert_equal_to_programs(programs: list[Program], bars: Bars, starts: list[int], save_at: int) -> None:
    """`starts`: the bar at which each program begins on its own, ahead of the cohort, which begins at the last."""
    begin = max(starts)
    states = [program.initial_state() for program in programs]
    for bot, start in enumerate(starts):
        for i in range(start, begin):
            states[bot], _ = programs[bot].step(states[bot], bars.bar(i))
    cohort = Cohort(programs)
    packed = cohort.pack(states)
    for i in range(begin, len(bars)):
        if i == save_at:
            packed = CohortState.from_bytes(packed.to_bytes())
        result = cohort.step(packed, bars.bar(i))
        for bot, program in enumerate(programs):
            alone = program.step(states[bot], bars.bar(i))
            states[bot] = alone[0]
            assert_same(result, bot, program, alone)
    for bot in range(len(programs)):
        assert same_bits(cohort.state_of(packed, bot).memory, states[bot].memory)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), formulas(), st.integers(0, 1_000), st.sampled_from(["UTC", "Europe/Berlin"]))
def test_bots_of_generated_formulas_step_as_they_do_alone(
    data: st.DataObject, text: str, seed: int, timezone: str
) -> None:
    whole, inputs = with_inputs(text)
    drawn = [
        {name: data.draw(st.integers(1, 9) if is_whole else st.floats(0.5, 9.0)) for name, is_whole in inputs}
        for _ in range(4)
    ]
    assume(check(whole).ok)
    programs = [compile_formula(whole, settings) for settings in [{}, *drawn] if check(whole, settings).ok]
    bars = bars_with_holes(90, seed, timezone=timezone)
    starts = data.draw(st.lists(st.integers(0, 8), min_size=len(programs), max_size=len(programs)))
    assert_equal_to_programs(programs, bars, starts, save_at=40)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function(name: str) -> None:
    texts = [
        f'x = {example_call(name)}\ny = tf("4h", {example_call(name)})\nlong when close > {level}'
        for level in (99, 101)
    ]
    programs = [compile_formula(text) for text in texts]
    assert_equal_to_programs(programs, bars_with_holes(70, 3, holes=0.01), [0, 1], save_at=20)


def example(count: int) -> list[Program]:
    rng = np.random.default_rng(5)
    return [
        compile_formula(
            EXAMPLE,
            {
                "fast": int(rng.integers(2, 9)),
                "slow": int(rng.integers(10, 30)),
                "level": int(rng.integers(20, 90)),
            },
        )
        for _ in range(count)
    ]


def test_more_bots_than_fit_a_block() -> None:
    kinds = example(7)
    programs = [kinds[i % 7] for i in range(2 * BLOCK + 3)]
    bars = bars_with_holes(80, 2)
    cohort, states = Cohort(programs), [program.initial_state() for program in kinds]
    assert len(cohort.groups) == 1
    packed = cohort.initial_state()
    spoke = 0
    for i in range(len(bars)):
        result = cohort.step(packed, bars.bar(i))
        for kind in range(7):
            states[kind], step = kinds[kind].step(states[kind], bars.bar(i))
            for values, value in (
                (result.flags, step.flags),
                (result.stop, step.stop),
                (result.target, step.target),
            ):
                assert same_bits(values[kind::7], np.full(len(values[kind::7]), value))
            assert [bot in result.speaking for bot in range(kind, len(programs), 7)].count(
                bool(step.held)
            ) == len(range(kind, len(programs), 7))
            spoke += len(step.held)
    assert spoke


def test_bots_join_and_leave() -> None:
    first, *others = example(4)
    joining = [*others, compile_formula("long when close > open\nx = sma(close, 4)")]
    bars = bars_with_holes(120, 4)
    cohort = Cohort([first])
    packed = cohort.initial_state()
    alone = {0: first.initial_state()}
    # one comes with the first bar of a day: the others then close a day, of which it has seen nothing
    days = bars.time // 86_400_000
    new_day = next(i for i in range(40, len(bars)) if days[i] != days[i - 1])
    programs = [first]
    names = [0]
    for i in range(len(bars)):
        if i in (10, 30, new_day, new_day + 7):
            program = joining.pop(0)
            state = program.initial_state()
            if i == 30:  # this one has run elsewhere before
                for j in range(i):
                    state, _ = program.step(state, bars.bar(j))
                cohort, packed = cohort.insert(packed, program, state)
            else:
                cohort, packed = cohort.insert(packed, program)
            names.append(i)
            programs.append(program)
            alone[i] = state
        if i in (90, 100):
            bot = 0 if i == 90 else 2
            cohort, packed = cohort.remove(packed, bot)
            del names[bot], programs[bot]
        result = cohort.step(packed, bars.bar(i))
        for bot, program in enumerate(programs):
            stepped = program.step(alone[names[bot]], bars.bar(i))
            alone[names[bot]] = stepped[0]
            assert_same(result, bot, program, stepped)
            assert same_bits(cohort.state_of(packed, bot).memory, stepped[0].memory)
    assert len(programs) == 3


def test_many_take_over_what_a_few_remember() -> None:
    """Two cohorts of distinct programs are warmed up; their bots, some of them many times, make a third one."""
    kinds = [*example(5), compile_formula("long when close > open\nx = sma(close, 4)")]
    bars = bars_with_holes(90, 6)
    few = [Cohort(kinds[:3]), Cohort(kinds[3:])]
    states = [cohort.initial_state() for cohort in few]
    for i in range(50):
        for cohort, state in zip(few, states, strict=True):
            cohort.step(state, bars.bar(i))
    rng = np.random.default_rng(8)
    of = rng.integers(0, 6, 40)
    programs = [kinds[kind] for kind in of]
    many = Cohort([*programs, kinds[0]])
    sources = [
        Source(few[0], states[0], of[of < 3], np.flatnonzero(of < 3)),
        Source(few[1], states[1], of[of >= 3] - 3, np.flatnonzero(of >= 3)),
    ]
    packed = many.gather(sources)
    alone = [kind.initial_state() for kind in kinds]
    fresh = kinds[0].initial_state()
    for i in range(len(bars)):
        steps = [kind.step(state, bars.bar(i)) for kind, state in zip(kinds, alone, strict=True)]
        alone = [step[0] for step in steps]
        if i < 50:
            continue
        result = many.step(packed, bars.bar(i))
        for bot, kind in enumerate(of.tolist()):
            assert_same(result, bot, kinds[kind], steps[kind])
        last = kinds[0].step(fresh, bars.bar(i))  # of no source: it begins anew
        fresh = last[0]
        assert_same(result, 40, kinds[0], last)
    with pytest.raises(EvaluationError, match="another shape"):
        many.gather([Source(few[1], states[1], np.array([2]), np.array([40]))])


def test_equal_settings_make_another_shape_in_the_same_cohort() -> None:
    text = "input a = 3\ninput b = 5\nlong when crossover(ema(close, a), ema(close, b))\nx = ema(close, b)"
    programs = [compile_formula(text, {"a": a, "b": b}) for a, b in ((3, 5), (4, 4), (2, 9))]
    assert len(Cohort(programs).groups) == 2
    assert_equal_to_programs(programs, bars_with_holes(60, 1), [0, 0, 0], save_at=5)


def test_what_cannot_be_stepped_changes_nothing() -> None:
    programs = example(3)
    bars = bars_with_holes(20, 6)
    cohort = Cohort(programs)
    state = cohort.initial_state()
    cohort.step(state, bars.bar(5))
    before = state.to_bytes()
    with pytest.raises(EvaluationError, match="does not open later"):
        cohort.step(state, bars.bar(5))
    with pytest.raises(EvaluationError, match="needs bars of a timeframe that divides it"):
        cohort.step(state, bars.bar(6)._replace(timeframe_ms=7 * 3_600_000))
    with pytest.raises(EvaluationError, match="another cohort"):
        Cohort(example(2)).step(state, bars.bar(6))
    with pytest.raises(EvaluationError, match="another cohort"):
        Cohort(programs[::-1]).step(state, bars.bar(6))
    with pytest.raises(EvaluationError, match="another formula"):
        cohort.insert(state, programs[0], compile_formula("long when close > open").initial_state())
    with pytest.raises(EvaluationError, match="not the state of a cohort"):
        CohortState.from_bytes(b"12345")
    with pytest.raises(IndexError, match="no bot 3"):
        cohort.state_of(state, 3)
    assert state.to_bytes() == before


def test_the_state_of_one_bot_is_laid_out_as_its_program_keeps_it() -> None:
    """The documented layout: a header of four numbers, then the program's own numbers after its version."""
    (program,) = example(1)
    bars = bars_with_holes(40, 8)
    cohort, alone = Cohort([program]), program.initial_state()
    state = cohort.initial_state()
    for i in range(len(bars)):
        cohort.step(state, bars.bar(i))
        alone, _ = program.step(alone, bars.bar(i))
    numbers = np.frombuffer(state.to_bytes(), "<f8")
    assert numbers[0] == 1.0
    assert numbers[1] == 1.0
    assert numbers[3] == state.time == bars.time[-1]
    assert same_bits(numbers[4:], alone.memory[1:])


def test_the_generated_machine_is_up_to_date() -> None:
    assert writer.WRITTEN.read_text(encoding="utf-8") == writer.machine_source()
