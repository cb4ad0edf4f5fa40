"""No text, however hostile, gives a stack trace, takes long or grows: the import says what is wrong and ends."""

import random
import time
import tracemalloc
from pathlib import Path

import pytest

from apps.engine.lang import check
from apps.engine.pine import import_pine

FOLDER = Path(__file__).parent / "scripts"
LIMIT = 0.25  # seconds of processor time
MEMORY = 50_000_000  # bytes

HOSTILE = {
    "open brackets": "x = " + "(" * 11_000,
    "open brackets on lines": "(\n" * 1_190,
    "nested brackets": "x = " + "(" * 5_000 + "1" + ")" * 5_000,
    "many nots": "x = " + "not " * 11_000 + "true",
    "many signs": "x = " + "-" * 11_000 + "1",
    "a long sum": "x = 1" + " + 1" * 5_900,
    "a long condition": "x = close" + " and close > 1" * 2_900 + '\nalert("x")',
    "a long choice": "x = " + "close ? 1 : " * 2_900 + "2",
    "nested choices": "x = " + "close ? " * 2_900 + "1" + " : 2" * 2_900,
    "texts never closed": 'x = "abc\n' * 1_190,
    "quotes": "'" * 11_000,
    "deep blocks": "".join("    " * i + "if close > 1\n" for i in range(200)),
    "many branches": "y = 1\nif close > 1\n    y := 1\n" + "else if close > 2\n    y := 1\n" * 500,
    "a long switch": "x = switch close\n" + "    1 => 2\n" * 1_100,
    "a name changed often": "x = 0.0\n" + "x := 1 - x\n" * 1_190,
    "a name doubled often": "x = close\n" + "x := x * x + x\n" * 1_190,
    "functions that double": "f0(x) => x + 1\n"
    + "".join(f"f{i}(x) => f{i - 1}(x) + f{i - 1}(x + 1)\n" for i in range(1, 60))
    + "y = f59(close)\n",
    "a few functions that double": "f0(x) => x + 1\n"
    + "".join(f"f{i}(x) => f{i - 1}(x) + f{i - 1}(x + 1)\n" for i in range(1, 12))
    + "y = f11(close)\n",
    "a function that calls itself": "f(x) => f(x) + 1\ny = f(close)\n",
    "blocks": "var x = 0.0\nvar y = 0.0\n" + "if close > open\n    x := x + y\n    y := x - y\n" * 390,
    "orders": 'strategy("a")\n'
    + "if close > open and strategy.position_size == 0\n"
    + '    strategy.entry("L", strategy.long)\n    strategy.exit("x", "L", stop=strategy.position_avg_price*0.9)\n'
    * 300,
    "positions that double": 'strategy("a")\np = strategy.position_size\n'
    + "".join(f"p{i} = p{i - 1 if i else ''} + p{i - 1 if i else ''}\n" for i in range(300))
    + 'if p299 > 0\n    strategy.entry("L", strategy.long)\n',
    "alerts": 'indicator("a")\n' + 'alertcondition(close > open, "t", "{{close}} {{plot_0}} {{x}}")\n' * 700,
    "series of series": 'indicator("a")\na0 = close\n'
    + "".join(f"a{i} = a{i - 1}[1] + a{i - 1}\n" for i in range(1, 1_100)),
    "series that lack one": 'indicator("a")\na0 = ta.ema(close, close)\n'
    + "".join(f"a{i} = a{i - 1}[1] + ta.sma(a{i - 1}, 5)\n" for i in range(1, 700)),
    "every byte": bytes(range(256)).decode("latin-1") * 250,
    "zeros": "\0" * 90_000,
    "history of history": "x = close" + "[1]" * 3_900,
    "dots": "x = a" + ".b" * 40_000,
    "calls in calls": "x = " + "f(" * 5_900,
    "a huge number": "x = 1" + "0" * 90_000,
    "backslashes": 'x = "' + "\\" * 50_001 + '"',
    "placeholders": 'plot(close, "{{' + " " * 90_000 + '")',
    "an endless format": 'alert(str.format("' + "{0" * 30_000 + '", close))',
    "an endless message": 'alert("' + "{{" * 30_000 + '")',
    "half a character": 'x = "\ud800" // \ud800',
    "other line ends": "a = 1\u2028b = 2\x0bc = 3\x85d = 4\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_script_ends_soon_with_a_report(name):
    import_pine("//@version=5\nindicator('warm')\n")
    source = HOSTILE[name]
    assert len(source.encode("utf-8", "replace")) <= 100_000
    tracemalloc.start()
    import_pine(source)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    taken = []
    for _ in range(2):
        start = time.process_time()
        result = import_pine(source)
        taken.append(time.process_time() - start)
    assert min(taken) < LIMIT
    assert memory < MEMORY
    assert result.report
    assert all(line.message or line.status == "imported" for line in result.report)
    assert result.ok == check(result.text).ok


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x" * 100_001, "the script is longer than 100,000 bytes"),
        ("// é\n" * 20_000, "the script is longer than 100,000 bytes"),
        ("x = 1\n" * 1_300, "the script has more than 1,200 statements"),
        ("x = 1" + " + 1" * 6_100, "the script has more than 12,000 words and signs"),
    ],
)
def test_a_script_beyond_the_limits_is_refused_with_the_reason(source, reason):
    result = import_pine(source)
    assert result.text == f"# needs edit: {reason}\n"
    assert not result.ok
    assert [(line.line, line.status, line.message) for line in result.report] == [(1, "impossible", reason)]


def test_an_empty_script_is_no_error():
    result = import_pine("")
    assert result.report == []
    assert not result.ok


@pytest.mark.parametrize("seed", range(3))
def test_scripts_with_holes_and_repeats_never_fail(seed):
    rng = random.Random(seed)
    scripts = [path.read_bytes().decode("utf-8") for path in sorted(FOLDER.glob("*.pine"))]
    for _ in range(25):
        text = rng.choice(scripts)
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(text))
            kind = rng.randrange(4)
            if kind == 0:
                text = text[:at] + text[at + rng.randint(1, 12) :]
            elif kind == 1:
                text = text[:at] + rng.choice("()[]\"',=:?+-\n\t #%.é") + text[at:]
            elif kind == 2:
                end = at + rng.randint(1, 40)
                text = text[:at] + text[at:end] * 2 + text[end:]
            else:
                other = rng.choice(scripts)
                start = rng.randrange(len(other))
                text = text[:at] + other[start : start + rng.randint(1, 80)] + text[at:]
            text = text or "x"
        result = import_pine(text)
        assert result.ok == check(result.text).ok
        lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert [line.line for line in result.report] == [n for n, line in enumerate(lines, 1) if line.strip()]


def test_texts_that_double_line_by_line_are_refused():
    doubled = "".join(f"s{i} = s{i - 1} + s{i - 1}\n" for i in range(1, 60))
    chosen = "".join(f's{i} = close > {i} ? s{i - 1} : open > {i} ? s{i - 1} : "x"\n' for i in range(1, 60))
    for lines in (doubled, chosen):
        source = f'//@version=5\nindicator("x")\ns0 = "a" + str.tostring(close)\n{lines}if close > open\n    alert(s59)\n'
        result = import_pine(source)
        assert not result.ok
        assert len(result.text) < 100_000
