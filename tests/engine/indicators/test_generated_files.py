"""kernels.py and machine.py are what the table of operators says, and every function of the docs exists."""

import re
from pathlib import Path

from apps.engine.indicators import generate
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.warm import warm_indicators

ROOT = Path(__file__).resolve().parents[3]


def test_generated_files_are_up_to_date() -> None:
    folder = ROOT / "apps" / "engine" / "indicators"
    assert (folder / "kernels.py").read_text(encoding="utf-8") == generate.kernels_source()
    assert (folder / "machine.py").read_text(encoding="utf-8") == generate.machine_source()


def test_every_kernel_can_be_warmed() -> None:
    warm_indicators()


def test_the_docs_name_every_function_and_no_other() -> None:
    docs = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
    reference = docs.split("\n## Functions\n", 1)[1].split("\n## ", 1)[0]
    named = set(re.findall(r"^\| `([a-z_0-9]+)", reference, re.MULTILINE))
    assert named == set(FUNCTIONS) | {"tf"}
