"""`manage.py formula`: exit codes, JSON and one-line errors; no database."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

GOOD = """input n = 2 in 1..9
x = sma(close, n)
up = close > x
long when up
alert "{symbol} {close}" when up
plot x as "Mean"
"""
CSV = """time,open,high,low,close,volume
2024-01-01T00:00:00Z,10,11,9,10,5
2024-01-02T00:00:00Z,10,13,9,12,5
2024-01-03T00:00:00Z,12,13,8,9,5
2024-01-04T00:00:00Z,9,15,9,14,5
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "good.formula").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.formula").write_text("long when clos > 1\nstop_loss 3\n", encoding="utf-8")
    (tmp_path / "bars.csv").write_text(CSV, encoding="utf-8")
    return tmp_path


def run(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and error of `formula`."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("formula", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue(), err.getvalue()
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), err.getvalue()


def test_check_says_what_it_found(files: Path) -> None:
    code, out, _ = run("check", files / "good.formula", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["ok"] is True
    assert result["lookback"] == 1
    assert result["inputs"] == [
        {"name": "n", "kind": "integer", "default": 2, "low": 1, "high": 9, "step": 1}
    ]
    assert len(result["hash"]) == 64

    code, out, _ = run("check", files / "bad.formula", "--json")
    result = json.loads(out)
    assert code == 1
    assert [(error["line"], error["column"]) for error in result["errors"]] == [(1, 11), (2, 11)]
    assert result["errors"][0]["message"] == "unknown name `clos`"
    assert result["errors"][0]["hint"] == "did you mean `close`?"


def test_eval_writes_series_and_signals(files: Path) -> None:
    out_file = files / "out.json"
    code, _, _ = run(
        "eval", files / "good.formula", "--bars", files / "bars.csv", "--symbol", "X", "--json", out_file
    )
    assert code == 0
    assert json.loads(out_file.read_text(encoding="utf-8")) == {
        "time": [
            "2024-01-01T00:00:00Z",
            "2024-01-02T00:00:00Z",
            "2024-01-03T00:00:00Z",
            "2024-01-04T00:00:00Z",
        ],
        "series": {
            "x": [None, 11.0, 10.5, 11.5],
            "up": [False, True, False, True],
            "Mean": [None, 11.0, 10.5, 11.5],
        },
        "signals": [
            {"time": "2024-01-02T00:00:00Z", "kind": "long", "text": None},
            {"time": "2024-01-02T00:00:00Z", "kind": "alert", "text": "X 12"},
            {"time": "2024-01-04T00:00:00Z", "kind": "long", "text": None},
            {"time": "2024-01-04T00:00:00Z", "kind": "alert", "text": "X 14"},
        ],
    }


def test_settings_are_given_by_name(files: Path) -> None:
    code, out, _ = run(
        "eval", files / "good.formula", "--bars", files / "bars.csv", "--set", "n=1", "--json", "-"
    )
    assert code == 0
    assert json.loads(out)["series"]["x"] == [10.0, 12.0, 9.0, 14.0]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["check", "missing"], 2, "cannot read missing: No such file or directory"),
        (["eval", "good", "--bars", "missing", "--json", "-"], 2, "cannot read missing"),
        (
            ["eval", "good", "--bars", "bars", "--json", "-", "--set", "n"],
            2,
            "--set expects NAME=VALUE, found 'n'",
        ),
        (["eval", "good", "--bars", "bars", "--json", "-", "--timezone", "Mars"], 2, "not a time zone"),
        (["eval", "good", "--bars", "bars", "--json", "-", "--timeframe", "soon"], 2, "not a timeframe"),
        (["eval", "good", "--bars", "bars", "--json", "-", "--set", "n=99"], 1, "99 lies outside 1..9"),
        (["eval", "bad", "--bars", "bars", "--json", "-"], 1, "unknown name `clos`"),
        (["text", "good"], 1, "not the tree of a formula"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(files: Path, arguments: list[str], code: int, message: str) -> None:
    names = {"good": "good.formula", "bad": "bad.formula", "bars": "bars.csv"}
    given = [str(files / names[word]) if word in names else word for word in arguments]
    found, _, err = run(*given)
    assert found == code
    assert message in err
    assert "Traceback" not in err


def test_what_is_not_utf8_is_an_error_with_a_place(files: Path) -> None:
    (files / "latin.formula").write_bytes(b"long when close > open\n# caf\xe9\n")
    code, out, _ = run("check", files / "latin.formula", "--json")
    assert code == 1
    error = {
        "line": 2,
        "column": 6,
        "message": "this is not UTF-8 text",
        "hint": "save the formula as UTF-8",
        "node": "",
    }
    assert json.loads(out)["errors"] == [error]


def test_a_megabyte_is_refused(files: Path) -> None:
    (files / "long.formula").write_text("# x\n" * 250_000, encoding="utf-8")
    code, _, err = run("check", files / "long.formula")
    assert code == 1
    assert err.strip() == "line 1, column 1: the formula is longer than 16 KiB (shorten it to 16,384 bytes)"


def test_a_tree_becomes_the_text_again(files: Path) -> None:
    _, tree, _ = run("tree", files / "good.formula")
    (files / "tree.json").write_text(tree, encoding="utf-8")
    assert run("text", files / "tree.json")[1] == run("format", files / "good.formula")[1] == GOOD


def test_bars_come_from_standard_input(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
    code, out, _ = run("eval", files / "good.formula", "--bars", "-", "--json", "-")
    assert code == 0
    assert json.loads(out)["series"]["x"] == [None, 11.0, 10.5, 11.5]


@pytest.mark.parametrize("pairs", [["n=2", "n=3"], ["n=1_0"], ["n=\u0663"]])
def test_doubtful_settings_are_refused(files: Path, pairs: list[str]) -> None:
    flags = [word for pair in pairs for word in ("--set", pair)]
    code, _, err = run("eval", files / "good.formula", "--bars", files / "bars.csv", "--json", "-", *flags)
    assert code in (1, 2)
    assert "twice" in err or "expected a whole number, found" in err


def test_a_time_beyond_all_calendars_is_an_error(files: Path) -> None:
    rows = [f"{-99_999_999_999 + i},9,11,9,10,5\n" for i in range(3)]
    (files / "early.csv").write_text("time,open,high,low,close,volume\n" + "".join(rows), encoding="utf-8")
    code, _, err = run("eval", files / "good.formula", "--bars", files / "early.csv", "--json", "-")
    assert code == 2
    assert "years 1 to 9999" in err


def test_the_result_is_written_whole_or_not_at_all(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [files / "good.formula", "--bars", files / "bars.csv", "--json"]
    (files / "out.json").write_text("as before", encoding="utf-8")
    (files / "link.json").symlink_to(files / "out.json")
    (files / "full").symlink_to("/dev/full")
    names = sorted(path.name for path in files.iterdir())
    code, _, err = run("eval", *good, files / "full")
    assert (code, err) == (2, f"cannot write {files / 'full'}: No space left on device")
    assert Path("/dev/full").is_char_device()

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", _no_space)
        assert run("eval", *good, files / "link.json")[0] == 2
    assert (files / "out.json").read_text(encoding="utf-8") == "as before"

    assert run("eval", *good, files / "link.json")[0] == 0
    assert (files / "link.json").is_symlink()
    assert "series" in json.loads((files / "out.json").read_text(encoding="utf-8"))
    assert sorted(path.name for path in files.iterdir()) == names


def _no_space(*_: object) -> None:
    raise OSError(28, "No space left on device")
