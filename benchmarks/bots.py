"""One closed bar: for 10,000 bots of one formula, each with settings of its own, and for one bot alone."""

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.program.cohort import Cohort, CohortState
from apps.engine.sim.spec import EXIT_LONG, LONG
from benchmarks.bare_cohort import BareCohort
from benchmarks.formulas import CONDITIONS, UT_BOT
from benchmarks.measure import Way, goal, heading, medians

BOTS = 10_000
CHECKED = 400
ROUNDS = 300
ONE_ROUNDS = 2_000


def measure(bars: Bars) -> bool:
    """Print the tables and the goals; whether the flags of all bots agree with the bare kernels'."""
    heading(f"One closed bar for {BOTS:,} bots on the first example's conditions, with settings of their own")
    kinds = [
        compile_formula(CONDITIONS, {"fast": fast, "slow": slow})
        for fast in range(2, 22)
        for slow in range(25, 125, 5)
    ]
    programs = [kinds[bot % len(kinds)] for bot in range(BOTS)]
    cohort = Cohort(programs)
    state = cohort.initial_state()
    fast = np.array([program.inputs["fast"] for program in programs])
    slow = np.array([program.inputs["slow"] for program in programs])
    bare = BareCohort(fast, slow, LONG, EXIT_LONG)
    agree, asked = True, 0
    for i in range(CHECKED):
        flags = cohort.step(state, bars.bar(i)).flags
        agree &= bool(np.array_equal(flags, bare.step(float(bars.close[i]))))
        asked += int(np.count_nonzero(flags))
    print(
        f"Over {CHECKED} bars the bare kernels {'give the same' if agree else 'DISAGREE on'} {asked:,} conditions."
    )
    step, bare_step = _Turns(bars, CHECKED), _Turns(bars, CHECKED)
    ways: dict[str, Way] = {
        "bare structure-of-arrays kernels": lambda: bare.step(float(bars.close[bare_step.next()])),
        "cohort: step": lambda: cohort.step(state, bars.bar(step.next())).flags,
    }
    took = medians(ways, ROUNDS)
    restored = state.to_bytes()
    store = medians(
        {"cohort: state from and to bytes": lambda: CohortState.from_bytes(restored).to_bytes()}, 20
    )
    width = max(map(len, (*ways, *store)))
    print(f"{'':{width}}  {'µs a bar':>9}  {'ns a bot':>9}")
    for name, seconds in (took | store).items():
        print(f"{name:{width}}  {1e6 * seconds:9.1f}  {1e9 * seconds / BOTS:9.2f}")
    goal(
        "cohort against the bare kernels",
        took["cohort: step"] / took["bare structure-of-arrays kernels"],
        2,
        " times their time",
    )

    heading("One closed bar for one bot, Program.step")
    took = {}
    for name, text in (("first example's conditions", CONDITIONS), ("UT Bot", UT_BOT)):
        took |= medians({name: _one(text, bars)}, ONE_ROUNDS)
    for name, seconds in took.items():
        print(f"{name:{width}}  {1e6 * seconds:9.2f} µs")
    goal("one bot, one bar", 1e6 * max(took.values()), 10, " µs")
    return agree


class _Turns:
    """The numbers of bars not yet used."""

    def __init__(self, bars: Bars, first: int) -> None:
        self._next = first - 1

    def next(self) -> int:
        self._next += 1
        return self._next


def _one(text: str, bars: Bars) -> Way:
    program = compile_formula(text)
    state = program.initial_state()
    ready = iter([bars.bar(i) for i in range(ONE_ROUNDS + 1)])

    def step() -> None:
        nonlocal state
        state, _ = program.step(state, next(ready))

    return step
