"""Rechecking an export by itself: no database, so that whoever was given the file can run it."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from apps.core.sheets import inert
from apps.journal.errors import BadExport
from apps.journal.rules import canonical, commitment, seal_hash
from apps.journal.services.exporting import COLUMNS, FORMAT


@dataclass
class Recheck:
    """What an export proves: `left_out` counts entries that its seals name and it does not hold."""

    entries: int = 0
    sealed: int = 0
    seals: int = 0
    left_out: int = 0
    heads: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def recheck_export(path: Path, *, head: str = "") -> Recheck:
    """Recompute every hash of an export file; `head` must be the hash of a seal in it.

    Raises BadExport for a file that is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadExport(gettext("{path} cannot be read: {error}.").format(path=path, error=error)) from None
    found = Recheck()
    if text.lstrip().startswith("{"):
        _recheck_json(text, found)
    else:
        _recheck_csv(text, found)
    if head and head not in found.heads:
        found.faults.append(f"no seal of this file has the head {head}")
    return found


def _recheck_json(text: str, found: Recheck) -> None:
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise BadExport(
                gettext("The file's format is {document!r}; this program reads {format!r}.").format(
                    document=document["format"], format=FORMAT
                )
            )
        seals = {seal["number"]: seal for seal in document["seals"]}
        hashes = {number: {line[1]: line[5] for line in seal["manifest"]} for number, seal in seals.items()}
        _recheck_seals(seals, found)
        for entry in document["entries"]:
            record = entry["record"]
            name = f"entry {record['uuid']} ({record['action']}, {record['recorded_at']})"
            _recheck_entry(name, canonical(record), entry["content_hash"], record, entry["personal"], found)
            if entry["seal"] is None:
                continue
            found.sealed += 1
            if hashes.get(entry["seal"], {}).pop(record["uuid"], None) != entry["content_hash"]:
                found.faults.append(
                    gettext("{name} is not what seal {entry} names").format(name=name, entry=entry["seal"])
                )
        found.left_out = sum(len(rest) for rest in hashes.values())
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadExport(
            gettext("The file is not as an export is written: {name} {error}.").format(
                name=type(error).__name__, error=error
            )
        ) from None


def _recheck_seals(seals: dict[int, dict[str, Any]], found: Recheck) -> None:
    previous = None
    for number in sorted(seals):
        seal = seals[number]
        found.seals += 1
        found.heads.append(seal["chain_hash"])
        made = seal_hash(seal["previous_hash"], seal["workspace_id"], number, seal["manifest"])
        if made != seal["chain_hash"]:
            found.faults.append(f"seal {number} was edited")
        if previous is not None and (previous["number"], previous["chain_hash"]) != (
            number - 1,
            seal["previous_hash"],
        ):
            found.faults.append(f"seal {number} does not continue the one before it")
        previous = seal


def _recheck_csv(text: str, found: Recheck) -> None:
    csv.field_size_limit(sys.maxsize)
    rows = csv.DictReader(text.splitlines(keepends=True))
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise BadExport(
            gettext("The file's first line is not that of an export: {join}.").format(join=", ".join(COLUMNS))
        )
    try:
        for number, row in enumerate(rows, 2):
            record, personal = json.loads(row["record"]), json.loads(row["personal"])
            name = f"line {number}, entry {record['uuid']} ({record['action']}, {record['recorded_at']})"
            _recheck_entry(name, row["record"], row["content_hash"], record, personal, found)
            found.sealed += bool(row["seal"])
            _recheck_columns(name, row, record, personal, found)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadExport(
            gettext("The file is not as an export is written: {name} {error}.").format(
                name=type(error).__name__, error=error
            )
        ) from None


def _recheck_columns(
    name: str, row: dict[str, str], record: dict[str, Any], personal: list[dict[str, Any]], found: Recheck
) -> None:
    """The columns that people read say what the hashed text says."""
    data = {part["part"]: part["data"] for part in personal}
    actor, target = data.get("actor", {}), data.get("target", {})
    expected = {
        "recorded_at": record["recorded_at"],
        "action": record["action"],
        "via": record["via"],
        "uuid": record["uuid"],
        "target_type": record["target_type"],
        "target_uuid": record["target_uuid"] or "",
        "ip": actor.get("ip") or "",
        "device": inert(actor.get("device", "")),
        "changes": canonical({**record["changes"], **target.get("changes", {})}),
    }
    if actor.get("label"):
        expected["actor"] = inert(actor["label"])
    wrong = [column for column, value in expected.items() if row[column] != value]
    if wrong:
        found.faults.append(
            gettext("{name}: {join} differ from what was recorded").format(name=name, join=", ".join(wrong))
        )


def _recheck_entry(
    name: str,
    text: str,
    content_hash: str,
    record: dict[str, Any],
    personal: Iterable[dict[str, Any]],
    found: Recheck,
) -> None:
    found.entries += 1
    if hashlib.sha256(text.encode()).hexdigest() != content_hash:
        found.faults.append(gettext("{name} was edited").format(name=name))
    for part in personal:
        bound = record[f"{part['part']}_commitment"]
        if commitment(part["salt"], part["person_id"], part["data"]) != bound:
            found.faults.append(
                gettext("{name}: its personal part ({part}) was edited").format(name=name, part=part["part"])
            )
