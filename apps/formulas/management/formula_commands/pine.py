"""Formulas as Pine scripts, and back."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.engine.pine import export_pine, import_pine
from apps.formulas.management.formula_commands.common import (
    INVALID,
    MOST_JSON_BYTES,
    Options,
    add_action,
    add_json,
    add_settings,
    fail,
    fail_formula,
    read_settings,
    read_text,
)  # fmt: skip


def add_to(actions: Any) -> None:
    exported = add_action(actions, "pine", run_pine, "print a formula as a Pine v6 script")
    exported.add_argument("--kind", choices=["indicator", "strategy"], default="indicator")
    exported.add_argument("--name", help="the script's title; else the file's name")
    add_settings(exported, about="an input's default in the script")
    imported = add_action(
        actions,
        "import-pine",
        run_import,
        "print the formula of a Pine script, and what became of each line; exit 1 where a line has no counterpart",
        file="a file with a Pine script, v3 to v6, or - for standard input",
    )
    add_json(imported)


def run_pine(command: BaseCommand, options: Options) -> None:
    stem = Path(options["file"]).stem.replace("-", " ").strip() or "Formula"
    result = export_pine(
        read_text(options["file"]), options["kind"], options["name"] or stem, read_settings(options["set"])
    )
    if result.problems:
        fail_formula(result.problems)
    command.stdout.write(result.script, ending="")


def run_import(command: BaseCommand, options: Options) -> None:
    source = read_text(options["file"], MOST_JSON_BYTES)
    if not source.strip():
        fail(f"{options['file']}: the script is empty", INVALID)
    result = import_pine(source)
    if options["json"]:
        command.stdout.write(json.dumps(result.as_dict()))
    else:
        for line in result.report:
            said = f"line {line.line}: {line.status.replace('_', ' ')}"
            command.stderr.write(f"{said}: {line.message}" if line.message else said)
        command.stdout.write(result.text, ending="")
    if not result.ok or any(line.status == "impossible" for line in result.report):
        sys.exit(INVALID)
