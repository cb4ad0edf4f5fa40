"""Wrong programs and exactly what is said about them, kept in wrong_programs.json."""

import json
from pathlib import Path

import pytest

from apps.engine.lang import check

PROGRAMS = json.loads((Path(__file__).parent / "wrong_programs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["name"])
def test_all_errors_are_said_in_order(program: dict) -> None:
    result = check(program["text"])
    assert not result.ok
    assert [[e.line, e.column, e.message, e.hint] for e in result.errors] == program["errors"]
    assert result.hash is None
    assert result.lookback is None


def test_there_are_enough_of_them() -> None:
    assert len(PROGRAMS) >= 60
    assert len({program["name"] for program in PROGRAMS}) == len(PROGRAMS)
