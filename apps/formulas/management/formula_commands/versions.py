"""Two versions of a formula, compared."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from apps.engine.lang.diff import NO_CHANGE, diff
from apps.engine.lang.signal_diff import SignalDiff, signal_diff
from apps.formulas.management.formula_commands.common import (
    USAGE,
    Options,
    add_action,
    add_bars,
    add_json,
    add_settings,
    bars_errors,
    bars_of,
    fail,
    formula_errors,
    only_one_from_stdin,
    read_settings,
    read_text,
)  # fmt: skip


def add_to(actions: Any) -> None:
    compared = add_action(actions, "diff", run_diff, "say what changed between two versions", file="")
    compared.add_argument("old", help="the old version's file, or - for standard input")
    compared.add_argument("new", help="the new version's file, or - for standard input")
    add_bars(compared, required=False)
    add_settings(compared, "--old-set", "set an input of the old version, for --bars")
    add_settings(compared, "--new-set", "set an input of the new version, for --bars")
    add_json(compared)


def run_diff(command: BaseCommand, options: Options) -> None:
    only_one_from_stdin(options["old"], options["new"], options["bars"])
    if not options["bars"] and (options["old_set"] or options["new_set"]):
        fail("--old-set and --new-set say how signals are found: give --bars too", USAGE)
    old, new = read_text(options["old"]), read_text(options["new"])
    for name, text in ((options["old"], old), (options["new"], new)):
        with formula_errors(name):
            diff(text, text)
    changes = diff(old, new)
    signals = _signals(old, new, options) if options["bars"] else None
    if options["json"]:
        result: dict[str, Any] = {"changes": [change.as_dict() for change in changes]}
        if signals is not None:
            result["signals"] = signals.as_dict()
        command.stdout.write(json.dumps(result))
        return
    for change in changes:
        command.stdout.write(change.sentence)
    if not changes:
        command.stdout.write(NO_CHANGE)
    if signals is not None:
        _write_signals(command, signals)


def _signals(old: str, new: str, options: Options) -> SignalDiff:
    before = read_settings(options["old_set"], "--old-set")
    after = read_settings(options["new_set"], "--new-set")
    with formula_errors(), bars_errors(options):
        return signal_diff(old, new, bars_of(options), before, after)


def _write_signals(command: BaseCommand, signals: SignalDiff) -> None:
    added, removed = len(signals.added), len(signals.removed)
    command.stdout.write(f"signals: {added} added, {removed} removed, {signals.kept} kept")
    content = signals.as_dict()
    rows = [("+", signal) for signal in content["added"]] + [("-", signal) for signal in content["removed"]]
    for sign, signal in sorted(rows, key=lambda row: row[1]["time"]):
        command.stdout.write(" ".join(filter(None, [sign, signal["time"], signal["kind"], signal["text"]])))
