"""Indicators and crossings of the language's first example over all bars: by hand, by the engine, by vectorbt."""

from contextlib import ExitStack

import numpy as np

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.engine.sim.spec import EXIT_LONG, LONG
from benchmarks.formulas import CONDITIONS, EXAMPLE
from benchmarks.fused import first_example
from benchmarks.measure import Way, goal, heading, medians
from benchmarks.peers import NotAvailable, Peer

ROUNDS = 9
ENGINES = ("numba", "rust")
SETTLED = 1_000  # bars after which the differently seeded averages of vectorbt have met ours


def measure(bars: Bars, with_peers: bool) -> bool:
    """Print the table and the goals; whether all that were measured agree."""
    heading(f"Indicators and crossings of the first example, {len(bars):,} bars")
    n = len(bars)
    program, example = compile_formula(CONDITIONS), compile_formula(EXAMPLE)
    fast, slow, flags = np.empty(n), np.empty(n), np.empty(n, np.uint8)

    def by_hand() -> None:
        first_example(bars.close, 9, 21, 14, 70.0, fast, slow, flags, LONG, EXIT_LONG)

    by_hand()
    found = program.evaluate(bars)
    agree = (
        np.array_equal(flags, found.orders.flags)
        and np.allclose(fast, found.series["fast_ma"], rtol=1e-9, atol=0, equal_nan=True)
        and np.allclose(slow, found.series["slow_ma"], rtol=1e-9, atol=0, equal_nan=True)
    )
    print(f"The hand-fused loop {'gives the same values and crossings' if agree else 'DISAGREES'}.")
    hand, engine = "hand-fused loop", "engine: indicators and crossings"
    ways: dict[str, Way] = {
        hand: by_hand,
        engine: lambda: program.evaluate(bars),
        "engine: the whole example, with alerts and plot": lambda: example.evaluate(bars),
    }
    peers: list[str] = []
    with ExitStack() as stack:
        try:
            if not with_peers:
                raise NotAvailable("left out")
            peer = stack.enter_context(Peer("vectorbt"))
            peer.hold(bars)
            same = _same_as(peer, bars.close, found.orders.flags)
            print(
                f"vectorbt {peer.version} "
                f"{'gives the same values to 1e-9 and the same crossings' if same else 'DISAGREES'} "
                f"from bar {SETTLED:,} on."
            )
            agree &= same
            for kind in ENGINES:
                peers.append(f"vectorbt, its {kind.capitalize()} kernels")
                ways[peers[-1]] = lambda kind=kind: peer.seconds("indicators", engine=kind)  # type: ignore[misc]
        except NotAvailable as reason:
            print(f"not measured: vectorbt: {reason}")
        del found
        took = medians(ways, ROUNDS)
    width = max(map(len, ways))
    print(f"{'':{width}}  {'ms':>8}  {'ns a bar':>9}  {'x fused':>7}")
    for name, seconds in took.items():
        print(f"{name:{width}}  {1000 * seconds:8.2f}  {1e9 * seconds / n:9.1f}  {seconds / took[hand]:7.2f}")
    goal("engine against the hand-fused loop", took[engine] / took[hand], 2, " times its time")
    if peers:
        quickest = min(took[name] for name in peers)
        goal(
            "vectorbt's quicker kernels against the engine",
            quickest / took[engine],
            10,
            " times its time",
            at_least=True,
        )
    return agree


def _same_as(peer: Peer, close: np.ndarray, flags: np.ndarray) -> bool:
    series = compile_formula(CONDITIONS + "strength = rsi(close, 14)").evaluate(_bars(close)).series
    theirs = [column[SETTLED:] for column in peer.run("indicators", engine="numba").values()]
    ours = [series[name][SETTLED:] for name in ("fast_ma", "slow_ma", "strength")]
    ours += [flags[SETTLED:] & LONG != 0, flags[SETTLED:] & EXIT_LONG != 0]
    values = all(np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(theirs[:3], ours[:3], strict=True))
    return values and all(np.array_equal(a, b) for a, b in zip(theirs[3:], ours[3:], strict=True))


def _bars(close: np.ndarray) -> Bars:
    return Bars(np.arange(len(close)) * 60_000, close, close, close, close, close, 60_000)
