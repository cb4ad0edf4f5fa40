"""Scripts in the styles people write, from version 3 to 6: the formula and the report were read and checked by hand."""

from pathlib import Path

import pytest

from apps.engine.lang import check, format_text
from apps.engine.pine import LineReport, import_pine

FOLDER = Path(__file__).parent / "scripts"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.pine"))


def shown(report: list[LineReport]) -> str:
    """The report as its golden files have it: line, status, message."""
    return "".join(f"{line.line} {line.status}: {line.message}".rstrip(": ") + "\n" for line in report)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_becomes_the_formula_and_report_that_were_checked(name):
    source = (FOLDER / f"{name}.pine").read_bytes().decode("utf-8")
    result = import_pine(source)
    assert result.text == (FOLDER / f"{name}.formula").read_text(encoding="utf-8")
    assert shown(result.report) == (FOLDER / f"{name}.report").read_text(encoding="utf-8")


def test_there_are_enough_scripts_of_every_version():
    assert len(SCRIPTS) >= 20
    for version in ("v3", "v4", "v5", "v6"):
        assert any(name.endswith(version) for name in SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_result_passes_the_checker_and_every_line_is_accounted_for(name):
    source = (FOLDER / f"{name}.pine").read_bytes().decode("utf-8")
    result = import_pine(source)
    assert result.text == format_text(result.text)
    checked = check(result.text)
    assert result.ok == checked.ok
    if not checked.ok:  # only an indicator without a signal is left unfinished, and says so
        assert [problem.message for problem in checked.errors] == [
            "a formula needs at least one long, short or alert"
        ]
        assert any("gives no signal" in line.message for line in result.report)
    lines = source.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    assert [line.line for line in result.report] == [n for n, text in enumerate(lines, 1) if text.strip()]
    assert all(line.source == lines[line.line - 1] for line in result.report)
    for line in result.report:
        assert line.status in ("imported", "needs_edit", "impossible", "ignored")
        assert line.message or line.status == "imported"
        if line.status in ("needs_edit", "impossible"):
            assert "# needs edit: " in result.text
