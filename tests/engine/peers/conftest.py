"""The peers, each a process of its own, started once."""

import os
from collections.abc import Iterator

import pytest

from benchmarks.peers import NotAvailable, Peer


def _started(name: str) -> Iterator[Peer]:
    try:
        peer = Peer(name)
    except NotAvailable as reason:
        # a test run that judges a change must not pass because nothing was compared
        if os.environ.get("CI"):
            pytest.fail(f"not compared with {name}: {reason}")
        pytest.skip(f"NOT COMPARED with {name}: {reason}")
    with peer:
        yield peer


@pytest.fixture(scope="session")
def backtesting_py() -> Iterator[Peer]:
    yield from _started("backtesting")


@pytest.fixture(scope="session")
def vectorbt() -> Iterator[Peer]:
    yield from _started("vectorbt")
