"""`manage.py formula`: exit codes, JSON and one-line errors; no database."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

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
        (["text", "good"], 1, "not JSON: Expecting value"),
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


# forms


def test_blocks_become_the_text_again(files: Path) -> None:
    code, blocks, _ = run("blocks", files / "good.formula")
    assert code == 0
    (files / "blocks.json").write_text(blocks, encoding="utf-8")
    assert json.loads(blocks)["blocks"][0]["fields"] == {"NAME": "n", "DEFAULT": "2", "LOW": "1", "HIGH": "9"}
    assert run("text", files / "blocks.json")[1] == GOOD


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"version": 1, "statements": [{"type": "buy"}]}, "is not the tree of a formula: /statements/0/type: expected one of input,"),
        ({"version": 1, "blocks": [{"type": "long"}]}, "are not the blocks of a formula: /blocks/0: the input WHEN is empty"),
        ([], "is not the tree of a formula: expected an object, found a list"),
    ],
)  # fmt: skip
def test_json_that_is_no_formula_is_refused_in_a_line(files: Path, content: object, message: str) -> None:
    (files / "wrong.json").write_text(json.dumps(content), encoding="utf-8")
    code, out, err = run("text", files / "wrong.json")
    assert (code, out) == (1, "")
    assert message in err
    assert "\n" not in err.strip()


@pytest.mark.parametrize("content", ["[" * 100_000, "1" * 5_000, '{"version": 1,', "\udc80"])
def test_hostile_json_is_refused_in_a_line(files: Path, content: str) -> None:
    (files / "wrong.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    code, out, err = run("text", files / "wrong.json")
    assert (code, out) == (1, "")
    assert "\n" not in err.strip()


def test_published_schemas_hold_what_the_commands_print(files: Path) -> None:
    for what in ("tree", "blocks"):
        schema = json.loads(run("schema", what)[1])
        Draft202012Validator(schema).validate(json.loads(run(what, files / "good.formula")[1]))
    assert json.loads(run("schema", "palette")[1])["version"] == 1


def test_check_prints_warnings_and_cost(files: Path) -> None:
    (files / "doubt.formula").write_text("input n = 3\nlong when close > open\n", encoding="utf-8")
    code, out, err = run("check", files / "doubt.formula")
    assert code == 0
    assert "warning: line 1, column 1: the input `n` is never used" in err
    assert "steps a bar" in out
    assert "bytes, hash" in out


def test_explain_and_complete(files: Path) -> None:
    code, out, _ = run("explain", files / "good.formula")
    assert code == 0
    assert "x" in out
    assert run("explain", files / "bad.formula")[0] == 1
    code, out, _ = run("complete", files / "good.formula", "--line", 2, "--column", 7)
    assert code == 0
    assert "sma" in {completion["label"] for completion in json.loads(out)}


# versions


def test_diff_says_what_changed_and_which_signals(files: Path) -> None:
    new = (
        GOOD.replace("n = 2 in", "n = 3 in").replace("close > x", "close > x and close > 13")
        + "stop_loss 3%\n"
    )
    (files / "new.formula").write_text("# a comment\n" + new, encoding="utf-8")
    both = ("diff", files / "good.formula", files / "new.formula")
    code, out, _ = run(*both)
    assert code == 0
    assert out.splitlines() == ["input n: default 2 → 3", "up: `close > 13` added", "stop-loss added: 3%"]
    # by hand: sma(2) is na 11 10.5 11.5, sma(3) na na 31/3 35/3, closes 10 12 9 14
    code, out, _ = run(*both, "--bars", files / "bars.csv")
    assert out.splitlines()[3:] == [
        "signals: 0 added, 2 removed, 2 kept",
        "- 2024-01-02T00:00:00Z long",
        "- 2024-01-02T00:00:00Z alert  12",
    ]
    code, out, _ = run(*both, "--bars", files / "bars.csv", "--new-set", "n=1", "--json")
    content = json.loads(out)
    assert [change["kind"] for change in content["changes"]] == ["changed", "added", "added"]
    assert content["changes"][0] | {"old_node": None} == {
        "kind": "changed", "subject": "input", "sentence": "input n: default 2 → 3", "old": "2", "new": "3",
        "old_line": 1, "new_line": 2, "old_node": None, "new_node": "/statements/0",
    }  # fmt: skip
    assert content["signals"]["kept"] == 0  # a close is never above itself
    assert len(content["signals"]["removed"]) == 4


def test_diff_of_a_layout_is_none(files: Path) -> None:
    (files / "new.formula").write_text("# why\n" + GOOD.replace("close > x", "((close)>x)"), encoding="utf-8")
    assert run("diff", files / "good.formula", files / "new.formula") == (0, "no semantic change\n", "")
    code, _, err = run("diff", files / "good.formula", files / "bars.csv")
    assert code == 1
    assert err.startswith(f"{files / 'bars.csv'}: line 1")
    assert run("diff", "-", "-")[0] == 2
    code, _, err = run("diff", files / "good.formula", files / "new.formula", "--old-set", "n=3")
    assert code == 2
    assert "give --bars too" in err


# running


def test_a_certificate_is_printed(files: Path) -> None:
    code, out, _ = run("certificate", files / "good.formula", "--set", "n=5", "--json")
    assert code == 0
    content = json.loads(out)
    assert (content["latest_bar"], content["settings"], content["reads"]) == (0, {"n": 5}, ["close"])
    assert "No expression reads a later bar" in run("certificate", files / "good.formula")[1]
    assert run("certificate", files / "bad.formula")[0] == 1


@pytest.mark.parametrize("at", ["3", "-1", "2024-01-04T00:00:00Z", "2024-01-04"])
def test_why_names_a_bar_by_time_or_number(files: Path, at: str) -> None:
    asked = ["why", files / "good.formula", "--bars", files / "bars.csv", f"--at={at}"]
    code, out, _ = run(*asked, "--json")
    content = json.loads(out)
    assert code == 0
    assert (content["bar"], content["time"]) == (3, "2024-01-04T00:00:00Z")
    held = {statement["kind"]: statement["held"] for statement in content["statements"]}
    assert held["long"] is True
    lines = run(*asked)[1].splitlines()
    assert lines[0] == "bar 3, 2024-01-04T00:00:00Z"
    assert any(line.startswith("line 2: x = sma(close, n) is 11.5") for line in lines)


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("4", "--at: there is no bar 4; the 4 bars are numbered from 0, or from -1 at the end"),
        ("-5", "--at: there is no bar -5;"),
        ("soon", "--at expects a time such as 2024-03-01T12:00:00Z or a bar's number, found 'soon'"),
        ("2024-01-04T01:00:00Z", "--at: no bar opens at 2024-01-04T01:00:00Z"),
    ],
)
def test_why_of_no_bar_is_an_error(files: Path, at: str, message: str) -> None:
    code, _, err = run("why", files / "good.formula", "--bars", files / "bars.csv", f"--at={at}")
    assert code == 2
    assert err.startswith(message)
    assert "\n" not in err


def test_tests_of_a_formula_are_run(files: Path) -> None:
    case = {
        "name": "rises",
        "bars": [10, 12, 9, 14],
        "signals": [{"bar": 1, "kind": "long"}, {"bar": 3, "kind": "long"}],
    }
    alerts = [{"bar": bar, "kind": "alert", "text": f" {close}"} for bar, close in ((1, 12), (3, 14))]
    good, wrong = case | {"signals": case["signals"] + alerts}, case | {"name": "lacks", "signals": []}
    (files / "good.json").write_text(json.dumps([good]), encoding="utf-8")
    (files / "both.json").write_text(json.dumps([good, wrong]), encoding="utf-8")
    assert run("test", files / "good.formula", files / "good.json") == (0, "ok: rises\n", "")
    code, out, _ = run("test", files / "good.formula", files / "both.json")
    assert code == 1
    assert out.splitlines()[1].startswith("failed: lacks: ")
    code, out, _ = run("test", files / "good.formula", files / "both.json", "--json")
    assert (code, [result["ok"] for result in json.loads(out)]) == (1, [True, False])
    (files / "wrong.json").write_text("{}", encoding="utf-8")
    assert run("test", files / "good.formula", files / "wrong.json")[0] == 2


# Pine


def test_a_formula_becomes_a_pine_script_and_back(files: Path) -> None:
    code, script, _ = run("pine", files / "good.formula", "--kind", "strategy", "--set", "n=4")
    assert code == 0
    assert script.startswith("//@version=6")
    assert 'strategy("good"' in script
    (files / "good.pine").write_text(script, encoding="utf-8")
    code, text, err = run("import-pine", files / "good.pine")
    assert code == 0, err
    (files / "again.formula").write_text(text, encoding="utf-8")
    assert run("diff", files / "good.formula", files / "again.formula")[1] == "input n: default 2 → 4\n"
    assert run("pine", files / "bad.formula")[0] == 1


def test_what_pine_cannot_say_is_told_by_line(files: Path) -> None:
    (files / "odd.pine").write_text(
        '//@version=6\nindicator("x")\nlevel = request.financial(syminfo.tickerid, "EPS", "FQ")\nplot(level)\n', encoding="utf-8"
    )  # fmt: skip
    (files / "empty.pine").write_text("\n", encoding="utf-8")
    code, _, err = run("import-pine", files / "empty.pine")
    assert code == 1
    assert "the script is empty" in err
    code, _, err = run("import-pine", files / "odd.pine")
    assert code == 1
    assert "line 3: impossible: " in err
    code, out, _ = run("import-pine", files / "odd.pine", "--json")
    assert (code, json.loads(out)["complete"]) == (1, False)


def test_it_runs_as_a_program_without_a_database(files: Path) -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "manage.py", "formula", "blocks", "-"],
        input=GOOD, capture_output=True, text=True, cwd=root, timeout=120, check=False,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["version"] == 1
    done = subprocess.run(
        [sys.executable, "manage.py", "formula", "schema", "trees"], capture_output=True, text=True, cwd=root, timeout=120, check=False
    )  # fmt: skip
    assert done.returncode == 2
    assert "invalid choice: 'trees'" in done.stderr
    assert "Traceback" not in done.stderr
