"""What an editor waits for: checking and compiling a formula of 100 lines."""

from apps.engine.lang import check, compile_formula
from benchmarks.formulas import EXAMPLE, hundred_lines
from benchmarks.measure import goal, heading, medians

ROUNDS = 15


def measure() -> None:
    """Print the table and the goals."""
    heading("Checking and compiling")
    long = hundred_lines()
    took = medians(
        {
            "check, 100 lines": lambda: check(long),
            "compile, 100 lines": lambda: compile_formula(long),
            "check, the first example": lambda: check(EXAMPLE),
            "compile, the first example": lambda: compile_formula(EXAMPLE),
        },
        ROUNDS,
    )
    for name, seconds in took.items():
        print(f"{name:28}  {1000 * seconds:8.2f} ms")
    goal("check of 100 lines", 1000 * took["check, 100 lines"], 30, " ms")
    goal("compile of 100 lines", 1000 * took["compile, 100 lines"], 30, " ms")
