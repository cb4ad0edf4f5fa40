"""Taking turns with a clock, and saying whether a goal is met."""

import statistics
import time
from collections.abc import Callable

Way = Callable[[], object]


def medians(ways: dict[str, Way], rounds: int) -> dict[str, float]:
    """Median seconds of each way.

    The ways take turns, so that a machine that is busy for a while slows all of them; a first round, which compiles
    and fills caches, does not count. A way may return its own seconds (float) where it runs in another process.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            own = way()
            took = own if isinstance(own, float) else time.perf_counter() - began
            if round_:
                seconds[name].append(took)
    return {name: statistics.median(values) for name, values in seconds.items()}


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def goal(what: str, value: float, limit: float, unit: str = "", *, at_least: bool = False) -> None:
    """Print a goal and whether it is met. `unit` comes after the numbers."""
    met = value >= limit if at_least else value <= limit
    bound = "at least" if at_least else "at most"
    print(
        f"goal: {what}: {value:.3g}{unit}, {bound} {limit:g}{unit}: {'met' if met else 'missed'}", flush=True
    )
