"""The API's speed: every list and object against a bare DRF view of the same query, under the same server.

Run by `python -m benchmarks.api [seconds]`, which takes about 4 minutes. The servers compared are one uvicorn process
each; the client is this one. It uses
the servers of DATABASE_URL and REDIS_URL, or starts this machine's own; a scratch database is made and dropped.
Exit status 1 on any answer but 200.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.load import Load, run_load
from benchmarks.measure import goal, heading
from benchmarks.servers import databases, scratch_database, server

if TYPE_CHECKING:
    from benchmarks.api_rows import Filled

CLIENTS = 32
ROUNDS = 3
PER_SECOND = 100
RATIO = 1.5
LATENCY_MS = 50.0


@dataclass
class Endpoint:
    """An address and its yardstick's, with what was measured of each."""

    name: str
    path: str
    bare_path: str
    ours: list[Load] = field(default_factory=list)
    bare: list[Load] = field(default_factory=list)

    def p95(self, loads: list[Load]) -> float:
        return statistics.median(load.p95_ms for load in loads)

    def median(self, loads: list[Load]) -> float:
        return statistics.median(load.median_ms for load in loads)

    @property
    def ratio(self) -> float:
        """Of the 95th percentiles, the median over the rounds."""
        return statistics.median(a.p95_ms / b.p95_ms for a, b in zip(self.ours, self.bare, strict=True))


def endpoints(filled: Filled) -> Iterator[Endpoint]:
    """Each list that takes no parameters, and its first object."""
    from rest_framework.test import APIClient

    from config.api import router

    client = APIClient(headers={"Authorization": f"Bearer {filled.secret}", "Host": "localhost"})
    for prefix, viewset, _ in router.registry:
        if not (hasattr(viewset, "list") and hasattr(viewset, "retrieve")):
            continue
        answer = client.get(f"/api/v1/{prefix}/")
        if answer.status_code != 200 or not answer.json()["results"]:
            print(f"not measured: {prefix} ({answer.status_code}, no rows for a key)")
            continue
        uuid = answer.json()["results"][0]["uuid"]
        yield Endpoint(f"{prefix}, list", f"/api/v1/{prefix}/", f"/{prefix}/")
        yield Endpoint(f"{prefix}, one", f"/api/v1/{prefix}/{uuid}/", f"/{prefix}/{uuid}/")


def measure(filled: Filled, environment: dict[str, str], seconds: float) -> bool:
    """Print the table and the verdicts; True when every answer was 200."""
    measured = list(endpoints(filled))
    headers = {"authorization": f"Bearer {filled.secret}"}
    statuses: defaultdict[int, int] = defaultdict(int)

    def load(url: str, **more: Any) -> Load:
        found = run_load(url, headers=headers, **more)
        for status, count in found.statuses.items():
            statuses[status] += count
        return found

    with (
        server("config.asgi:application", environment) as ours,
        server("benchmarks.bare_api.asgi:application", environment) as bare,
    ):
        for each in measured:  # what is slow the first time only
            load(ours + each.path, connections=CLIENTS, seconds=seconds / 3)
            load(bare + each.bare_path, connections=CLIENTS, seconds=seconds / 3)
        for number in range(ROUNDS):
            print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            for each in measured:
                each.bare.append(load(bare + each.bare_path, connections=CLIENTS, seconds=seconds))
                each.ours.append(load(ours + each.path, connections=CLIENTS, seconds=seconds))
        heading(f"{CLIENTS} clients at once, milliseconds, against a bare DRF view of the same query")
        print(f"{'':28}{'bare p50':>9}{'p95':>8}{'ours p50':>10}{'p95':>8}{'ratio of p95':>14}")
        for each in measured:
            print(
                f"{each.name:28}{each.median(each.bare):9.1f}{each.p95(each.bare):8.1f}"
                f"{each.median(each.ours):10.1f}{each.p95(each.ours):8.1f}{each.ratio:14.2f}"
            )
        within = sum(each.ratio <= RATIO for each in measured)
        print(f"{within} of {len(measured)} within {RATIO:g} times")
        worst = max(measured, key=lambda each: each.ratio)
        goal(f"p95 against the bare view, the farthest ({worst.name})", worst.ratio, RATIO, " times")
    with (
        server("config.asgi:application", environment) as first,
        server("config.asgi:application", environment) as second,
        ThreadPoolExecutor(2) as both,
    ):
        heading(
            f"{PER_SECOND} requests a second, milliseconds, half to each of two processes, the slower one's"
        )
        print(f"{'':28}{'p50':>9}{'p95':>8}{'p99':>8}", flush=True)
        slowest = ("", 0.0)
        for each in measured:
            addresses = [first + each.path, second + each.path]
            for address in addresses:
                load(address, connections=CLIENTS // 2, seconds=seconds / 3)
            asked = partial(load, connections=CLIENTS // 2, seconds=2 * seconds, rate=PER_SECOND / 2)
            found = max(both.map(asked, addresses), key=lambda one: one.p95_ms)
            print(f"{each.name:28}{found.median_ms:9.1f}{found.p95_ms:8.1f}{found.p99_ms:8.1f}", flush=True)
            slowest = max(slowest, (each.name, found.p95_ms), key=lambda pair: pair[1])
        goal(f"p95 at {PER_SECOND} a second, the slowest ({slowest[0]})", slowest[1], LATENCY_MS, " ms")
    print("answers: " + ", ".join(f"{count} × {status}" for status, count in sorted(statuses.items())))
    return set(statuses) == {200}


def main(arguments: Sequence[str]) -> int:
    seconds = float(arguments[0]) if arguments else 0.8
    with databases() as environment:
        os.environ.update(environment)
        os.environ["LOG_LEVEL"] = "ERROR"
        import django

        django.setup()
        from benchmarks import api_parts
        from benchmarks.api_rows import fill

        with scratch_database() as database_url:
            filled = fill()
            print(
                f"{os.cpu_count()} processors, one uvicorn process, {seconds:g} s a run, {ROUNDS} rounds, in turns"
            )
            api_parts.measure(filled)
            chosen = {"DATABASE_URL": database_url, "BENCH_WORKSPACE": str(filled.workspace.uuid)}
            return 0 if measure(filled, environment | chosen, seconds) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
