"""Checks a record of signals by itself: python verify_signals.py chain.jsonl days.json [--root HASH noted earlier]

Recomputes every hash: link = SHA-256(link before + canonical JSON of the line), root = SHA-256(root before + canonical
JSON of the day), record = SHA-256(canonical JSON of the fields, where they are revealed). Before the first stands the
chain's id. Needs Python 3.9; signatures (Ed25519) are checked where the package cryptography is installed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any


def digest(before: str, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256((before + text).encode()).hexdigest()


def verify(lines: list[dict[str, Any]], days: dict[str, Any], noted: str = "") -> tuple[list[str], str]:
    """Faults in words, and what was checked."""
    faults: list[str] = []
    links: dict[int, str] = {}
    revealed = signatures = number = 0
    chain = before = days["chain"]
    for line in lines:
        link, fields = line.pop("link"), line.pop("fields", None)
        number += 1
        if line["n"] != number:
            faults.append(f"links {number} to {line['n'] - 1} are missing")
            number = line["n"]
        elif digest(before, line) != link:
            faults.append(f"link {number} (signal {line['id']}) does not follow from the one before it")
        if fields is not None:
            revealed += 1
            if digest("", fields) != line["record"] or fields["id"] != line["id"]:
                faults.append(f"what is said of signal {line['id']} is not what was sealed")
        links[number], before = link, link
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        key: Any = Ed25519PublicKey.from_public_bytes(bytes.fromhex(days["public_key"]))
    except ImportError:
        key = None
    before, number, roots = chain, 0, {noted} - {""}
    for day in days["days"]:
        root, signature = day.pop("root"), day.pop("signature")
        if digest(before, day) != root or day["first"] != number + 1 or links.get(day["last"]) != day["head"]:
            faults.append(f"the root of {day['day']} does not fit its links")
        if key:
            try:
                key.verify(bytes.fromhex(signature), f"candlewright signals {chain} {root}".encode())
                signatures += 1
            except Exception:
                faults.append(f"the signature of {day['day']} is not of this key")
        before, number = root, day["last"]
        roots.discard(root)
    faults += [f"the noted root {root} is not among the days" for root in roots]
    checked = f"{len(links)} signals, {revealed} revealed; {len(days['days'])} days, "
    checked += f"{signatures} signatures" if key else "signatures not checked (pip install cryptography)"
    return faults, f"{checked}; {max(0, len(links) - number)} signals not signed yet"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as one, open(sys.argv[2], encoding="utf-8") as other:
        noted = sys.argv[sys.argv.index("--root") + 1] if "--root" in sys.argv else ""
        found, summary = verify([json.loads(line) for line in one if line.strip()], json.load(other), noted)
    print("\n".join(found) if found else f"Whole: {summary}")
    sys.exit(1 if found else 0)
