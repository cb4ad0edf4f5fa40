"""A change of any result is a new version of the engine: what the corpus holds must come out again."""

from __future__ import annotations

import json
import math

import pytest

from apps.engine.version import ENGINE_VERSION
from tests.golden.corpus import FILE, cases, figures_of, machine, run

STORED = json.loads(FILE.read_text())
CLOSE_ENOUGH = 1e-12  # across platforms, see docs/fills.md


def test_the_corpus_is_of_this_version_of_the_engine():
    assert STORED["engine"] == ENGINE_VERSION, (
        "run `python -m tests.golden.corpus`, and say what changed in CHANGELOG.md"
    )


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_same_figures_come_out(case):
    expected = STORED["cases"][case.name]
    found = json.loads(json.dumps(figures_of(run(case))))
    assert differences(expected, found) == []
    if STORED["machine"] == machine():
        assert found["sha256"] == expected["sha256"]


def differences(expected, found, path=""):
    """Paths at which two JSON values differ by more than another platform's last digits."""
    if isinstance(expected, dict):
        if expected.keys() != found.keys():
            return [f"{path}: other names"]
        return [
            each
            for name in expected
            if name != "sha256"
            for each in differences(expected[name], found[name], f"{path}/{name}")
        ]
    if isinstance(expected, list):
        return [
            each
            for i, pair in enumerate(zip(expected, found, strict=True))
            for each in differences(*pair, f"{path}/{i}")
        ]
    if isinstance(expected, float) and isinstance(found, float):
        return (
            []
            if math.isclose(expected, found, rel_tol=CLOSE_ENOUGH, abs_tol=CLOSE_ENOUGH)
            else [f"{path}: {expected} -> {found}"]
        )
    return [] if expected == found else [f"{path}: {expected} -> {found}"]
