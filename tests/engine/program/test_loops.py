"""Compiled loops: the bits of the step, one loop per shape, compiled only when that pays, and safe files."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from apps.engine.bars import Bars
from apps.engine.generate.loop import LAST, PAST, Shape, loop_source
from apps.engine.indicators.operators import OPERATORS
from apps.engine.lang import Program, check, compile_formula
from apps.engine.program import columns
from apps.engine.program.loops import Bound, Loop, Loops, Store
from apps.engine.program.loops import loops as policy
from tests.engine.lang.programs import bars_with_holes, formulas, numbers, truths
from tests.engine.lang.test_one_code import assert_steps_equal

UT_BOT = """input key = 3.7 in 0.5..10 step 0.1
input length = 10 in 1..50
loss = key * atr(length)
prior = nz(line[1], 0)
line = (close > prior and close[1] > prior) ? max(prior, close - loss) :
       (close < prior and close[1] < prior) ? min(prior, close + loss) :
       (close > prior) ? close - loss : close + loss
average = ema(close, 9)
long when crossover(average, line) and close > line
short when crossover(line, average) and close < line
"""


def bound(program: Program) -> Bound:
    found = columns.in_one_loop(program.chart, program._schedule, program._wanted())
    assert found is not None
    return found


@pytest.fixture
def loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loops:
    """Loops of an empty folder in place of the process's own."""
    fresh = Loops(Store(tmp_path / "loops"))
    monkeypatch.setattr(columns, "LOOPS", fresh)
    return fresh


class Eager(Loops):
    """Compiles at once, whatever it costs, and counts the runs."""

    runs = 0

    def find(self, shape: Shape, bars: int, nodes: int) -> Loop | None:
        self.prepare(shape, 10**12, 1, 1)
        self.runs += 1
        return self._ready[shape]


@st.composite
def cyclic_formulas(draw: st.DrawFn) -> str:
    """Formulas in which most series use their own past, or one another's."""
    name = st.sampled_from(["a", "b"])
    past = f"nz({draw(name)}[{draw(st.integers(1, 3))}], {draw(st.sampled_from(['0', '1.5', 'close']))})"
    condition = draw(truths([], 1))
    return "\n".join(
        [
            f"a = {past} / 2 + {draw(numbers([], 2))}",
            f"b = {condition} ? nz(a, 0) : ema(nz(b[1], 1), 3) - {draw(numbers([], 1))}",
            f"on = {draw(truths(['a', 'b'], 1))} or not on[{draw(st.integers(1, 2))}]",
            "long when on",
            f"exit when {draw(truths(['a', 'b'], 1))}",
            "stop_loss by abs(b)",
        ]
    )


def assert_compiled_equals_steps(text: str, seed: int, save_at: int) -> None:
    assume(check(text).ok)
    program = compile_formula(text)
    assume(any(batch.cyclic for batch in program._schedule))
    eager = Eager(Store(Path("/nonexistent/loops")))  # none of these is kept
    ours = columns.LOOPS
    limit, policy.MOST_COMPILED = policy.MOST_COMPILED, 10**6
    columns.LOOPS = eager
    try:
        bars = bars_with_holes(120, seed)
        found = program.evaluate(bars)
        assert eager.runs
    finally:
        columns.LOOPS, policy.MOST_COMPILED = ours, limit
    assert_steps_equal(program, bars, found, save_at)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(cyclic_formulas(), st.integers(0, 1_000), st.integers(0, 119))
def test_a_compiled_loop_gives_the_bits_of_the_step(text: str, seed: int, save_at: int) -> None:
    assert_compiled_equals_steps(text, seed, save_at)


@pytest.mark.prove
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(cyclic_formulas(), formulas()), st.integers(0, 1_000), st.integers(0, 119))
def test_many_compiled_loops_give_the_bits_of_the_step(text: str, seed: int, save_at: int) -> None:
    assert_compiled_equals_steps(text, seed, save_at)


def test_a_large_graph_has_a_loop_for_its_cyclic_part_alone(
    loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compile_formula(UT_BOT)
    bars = bars_with_holes(200, 1)
    eager = Eager(loops._store)
    monkeypatch.setattr(columns, "LOOPS", eager)
    monkeypatch.setattr(columns, "MOST_NODES", 15)
    assert columns.in_one_loop(program.chart, program._schedule, program._wanted()) is None
    assert_steps_equal(program, bars, program.evaluate(bars), 50)
    assert [len(shape.nodes) for shape in eager._ready] == [13]


def test_settings_share_a_loop_and_structure_does_not() -> None:
    shape = bound(compile_formula(UT_BOT)).shape
    assert bound(compile_formula(UT_BOT, {"key": 2.0, "length": 44})).shape == shape
    assert bound(compile_formula(UT_BOT.replace("9", "30").replace(", 0)", ", 7)"))).shape == shape
    assert bound(compile_formula(UT_BOT.replace("max(", "min("))).shape != shape


def test_the_source_holds_only_names_of_the_table_and_numbers() -> None:
    """Names, texts and constants of a formula, however odd, leave no trace."""
    hostile = """input __import__ = 3 in 1..9 "\\"); import os; os.system(\\"x\\") #"
input evil = "4h" in "4h", "1d" "nan; raise SystemExit"
exec = nz(exec[1], 0.123456) + __import__ * close
nan = exec + nan[1] + tf(evil, close)
long when nan > 666.5
alert "{exec} \\"); import os #" when exec > 1
plot exec as "v1 = 1; import os"
"""
    assert check(hostile).ok, [str(error) for error in check(hostile).errors]
    found = bound(compile_formula(hostile))
    source = loop_source(found.shape, "loop")
    body = source[source.index("def loop(") :]
    words = set("".join(c if c.isalnum() or c == "_" else " " for c in body).split())
    steps = {operator.step.__name__ for operator in OPERATORS.values()}
    plain = {"def", "for", "in", "if", "else", "i", "np", "uint64", "int", "range", "nan", "False", "loop"}
    plain |= {"size", "numbers", "starts", "memory", "0"}
    for word in words - steps - plain:
        stem = word.rstrip("0123456789_")
        assert stem in {"v", "x", "h", "n", "s", "m", "p", "out", ""}, word
    for trace in ("evil", "exec", "import__", "123456", "666", "os"):
        assert trace not in body.replace("close", "")


@pytest.mark.parametrize("op", ["__import__('os').system", "add_step", "", "add; x"])
def test_a_name_outside_the_table_never_reaches_the_source(op: str) -> None:
    shape = bound(compile_formula(UT_BOT)).shape
    odd = dataclasses.replace(shape.nodes[0], op=op)
    with pytest.raises(KeyError):
        loop_source(dataclasses.replace(shape, nodes=(odd, *shape.nodes[1:])), "loop")


def test_past_is_read_from_what_is_written() -> None:
    shape = bound(compile_formula("a = nz(a[3], 0) + close\nlong when a > 1")).shape
    assert [node.op for node in shape.nodes if node.op in (PAST, LAST)] == [PAST]
    with pytest.raises(ValueError, match="is not written"):
        loop_source(dataclasses.replace(shape, written=()), "loop")


# when to compile


def long_bars(count: int) -> Bars:
    rng = np.random.default_rng(3)
    close = 100 + np.cumsum(rng.normal(0, 1, count))
    return Bars(np.arange(count) * 60_000, close, close + 1, close - 1, close, np.ones(count), 60_000)


def test_a_short_run_never_waits_for_the_compiler(loops: Loops) -> None:
    program = compile_formula(UT_BOT)
    shape = bound(program).shape
    for _ in range(2_000):
        assert loops.find(shape, policy.LONG_RUN - 1, 10**6) is None
    assert not loops._store.has(shape)


def test_it_is_compiled_once_the_machine_has_spent_as_long(loops: Loops) -> None:
    shape = bound(compile_formula(UT_BOT)).shape
    run = 13 * 1_000_000 * policy.MACHINE_NODE
    needed = int(-(-policy.seconds_to_compile(shape) // run))
    assert [loops.find(shape, 1_000_000, 13) for _ in range(needed - 1)] == [None] * (needed - 1)
    assert loops.find(shape, 1_000_000, 13) is not None


def test_a_sweep_prepares_where_that_pays(loops: Loops) -> None:
    program = compile_formula(UT_BOT)
    program.prepare(runs=10, bars=1_000)
    assert not loops._ready
    program.prepare(runs=400, bars=100_000)
    assert set(loops._ready) == {bound(program).shape}
    other = compile_formula(UT_BOT, {"key": 1.5})
    assert loops.find(bound(other).shape, 10, 13) is not None
    compile_formula("long when crossover(ema(close, 9), ema(close, 21))").prepare(runs=10**6, bars=10**6)
    assert len(loops._ready) == 1


def test_another_thread_that_compiles_is_not_waited_for(loops: Loops) -> None:
    shape = bound(compile_formula(UT_BOT)).shape
    with loops._compiling:
        assert loops.find(shape, 10**9, 13) is None
    assert loops.find(shape, 10**9, 13) is not None


def test_too_large_a_shape_and_too_many_are_left_to_the_machine(
    loops: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = bound(compile_formula(UT_BOT)).shape
    large = dataclasses.replace(shape, nodes=shape.nodes * 3)
    assert len(large.nodes) > policy.MOST_NODES
    loops.prepare(large, 10**6, 13, 10**6)
    monkeypatch.setattr(policy, "MOST_COMPILED", 0)
    loops.prepare(shape, 10**6, 13, 10**6)
    assert not loops._ready


def test_read_only_prices_are_taken_too(loops: Loops) -> None:
    bars = bars_with_holes(100, 4)
    bars.close.flags.writeable = False
    program = compile_formula(UT_BOT)
    loops.prepare(bound(program).shape, 10**6, 13, 10**6)
    assert_steps_equal(program, bars, program.evaluate(bars), 20)


# files

IN_A_PROCESS = """
import sys
from pathlib import Path
from apps.engine.lang import compile_formula
from apps.engine.program import columns
from apps.engine.program.loops import Store
from tests.engine.program.test_loops import UT_BOT, bound
store = Store(Path(sys.argv[1]))
shape = bound(compile_formula(UT_BOT)).shape
had = store.has(shape)
loop = store.compile(shape)
print(had, sum(loop.stats.cache_hits.values()), sum(loop.stats.cache_misses.values()))
"""


def processes(folder: Path, count: int) -> list[str]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", IN_A_PROCESS, str(folder)],
            cwd=Path(__file__).resolve().parents[3],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    answers = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [process.returncode for process in started] == [0] * count
    return answers


def test_a_fresh_process_reads_what_two_at_once_have_compiled(tmp_path: Path) -> None:
    processes(tmp_path / "loops", 2)
    assert processes(tmp_path / "loops", 1) == ["True 1 0"]
    assert not [path for path in (tmp_path / "loops").iterdir() if path.name.startswith(".")]


def test_a_foreign_file_is_replaced_and_never_run(tmp_path: Path) -> None:
    store = Store(tmp_path / "loops")
    shape = bound(compile_formula(UT_BOT)).shape
    store.compile(shape)
    (path,) = store.folder.glob("loop_*.py")
    right = path.read_bytes()
    trap = tmp_path / "run"
    path.write_text(f"open({str(trap)!r}, 'w').close()\n")
    store.compile(shape)
    assert path.read_bytes() == right
    assert not trap.exists()


def test_damaged_machine_code_is_compiled_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "loops")
    shape = bound(compile_formula(UT_BOT)).shape
    code = Path(store.compile(shape).stats.cache_path)
    for path in code.iterdir():
        path.write_bytes(b"not machine code")
    again = Store(tmp_path / "loops").compile(shape)
    assert sum(again.stats.cache_misses.values()) == 1


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no such permissions")
def test_folders_others_can_write_to_are_not_used(tmp_path: Path) -> None:
    store = Store(tmp_path / "loops")
    shape = bound(compile_formula(UT_BOT)).shape
    kept = store.compile(shape)
    assert store.folder.stat().st_mode & 0o777 == 0o700
    code = Path(kept.stats.cache_path)
    for folder in (store.folder, code):
        before = folder.stat().st_mode & 0o777
        folder.chmod(0o777)
        assert not store.has(shape)
        alone = store.compile(shape)
        assert alone.stats.cache_path is None
        folder.chmod(before)
    assert store.has(shape)


def test_shapes_not_used_for_longest_are_removed(tmp_path: Path) -> None:
    store = Store(tmp_path / "loops", most_kept=2)
    shapes = [
        bound(compile_formula(f"a = nz(a[1], 0) {sign} close\nlong when a > 1")).shape for sign in "+-*/"
    ]
    for shape in shapes[:2]:
        store.compile(shape)
    Store(tmp_path / "loops").compile(shapes[0])  # used again
    store.compile(shapes[2])
    assert [store.has(shape) for shape in shapes] == [True, False, True, False]
    assert len(list(store.folder.iterdir())) == 2
