"""Wrong programs and exactly what is said about them, kept in wrong_programs.json."""

import json
import time
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


HOSTILE = {
    "a million letters": "a" * 1_000_000,
    "a million brackets": "(" * 1_000_000,
    "brackets up to the limit of bytes": "x = " + "(" * 16_000,
    "signs": "x = " + "-" * 3_900 + "1\nlong when x > 0",
    "nots": "x = " + "not " * 3_900 + "true\nlong when x",
    "a long sum": "x = close" + " + close" * 1_980 + "\nlong when x > 0",
    "a long choice": "x = " + "close > 1 ? 1 : " * 600 + "2\nlong when x > 0",
    "nested choices": "x = " + "close > 1 ? (" * 64 + "1" + ") : 0" * 64 + "\nlong when x > 0",
    "calls in calls": "x = " + "abs(" * 64 + "close" + ")" * 64 + "\nlong when x > 0",
    "operators nested as deep as can be": "x = " + "1 + 2 * (1 < 2 == (3 >= " * 32 + "4" + "))" * 32,
    "histories": "x = close" + "[1]" * 150 + "\nlong when x > 0",
    "more histories": "x = close" + "[1]" * 1_300 + "\nlong when x > 0",
    "histories in brackets": "x = " + "(" * 60 + "close" + "[1][1][1][1])" * 60 + "\nlong when x > 0",
    "a chain of names": "a0 = close\n"
    + "".join(f"a{i} = a{i - 1}\n" for i in range(1, 900))
    + "long when a899 > 0",
    "a chain of names the other way": "".join(f"a{i} = a{i + 1}\n" for i in range(900))
    + "a900 = close\nlong when a0 > 0",
    "a long circle": "".join(f"a{i} = a{i + 1}\n" for i in range(900)) + "a900 = a0\nlong when a0 > 0",
    "a long circle through the past": "".join(f"a{i} = nz(a{i + 1}[1]) + 1\n" for i in range(300))
    + "a300 = a0[1]\nlong when a0 > 0",
    "a thousand errors": "x = foo\n" * 1_000,
    "nothing but line ends": "\n" * 16_000,
    "control characters": "".join(chr(i) for i in range(32)) * 100,
    "lone surrogates": "x = \ud800\udfff",
    "right to left": "x = \u202e\u0661\u0662 + \u2066close",
    "zero-width": "lo\u200bng when close > open",
    "emoji": "🚀 when 🌕",
    "a byte order mark": "\ufefflong when close > open",
    "a null byte": "long when close > \x00 open",
    "huge numbers": "x = " + "9" * 5_000 + "\nlong when close > 1e999",
    "huge exponents": "x = 1e" + "9" * 400 + "\nlong when x > 0",
    "many windows": "x = " + " + ".join(f"sma(close, {5000 - i})" for i in range(450)) + "\nlong when x > 0",
    "work per bar": "x = "
    + " + ".join(f"linreg(close, {5000 - i})" for i in range(300))
    + "\nlong when x > 0",
    "timeframes": "x = " + " + ".join(f'tf("{i}d", close)' for i in range(1, 400)) + "\nlong when x > 0",
    "powers": "x = pow(10, pow(10, pow(10, 10)))\nlong when close > x",
    "division of constants": "x = 1 / 0\ny = 1 % 0\nz = floor(1 / 0)\nlong when close > x + y + z",
    "rounding of constants": "x = round(1e300, 12) + floor(1e300) + ceil(-1e300)\nlong when close > x",
    "braces in a text": 'alert "' + "{" * 5_000 + '" when true',
    "quotes": '"' * 4_000,
    "keywords": "long short exit when alert plot " * 500,
    "dots": "x = " + "." * 3_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_answered_soon(name: str) -> None:
    check("long when close > open")  # imports are not the text's fault
    started = time.thread_time()  # processor time: what else the machine does is not the text's fault
    result = check(HOSTILE[name])
    assert time.thread_time() - started < 1.0
    assert result.ok or result.errors
    assert result.errors == sorted(result.errors)
    for error in result.errors:
        assert error.line >= 1
        assert error.column >= 1


@pytest.mark.parametrize(
    "name", ["signs", "a long sum", "a long choice", "histories", "a chain of names", "a byte order mark"]
)
def test_what_only_looks_hostile_is_allowed(name: str) -> None:
    assert check(HOSTILE[name]).ok
