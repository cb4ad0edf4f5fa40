"""What an import gives back: the formula, and for every line of the script what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["imported", "needs_edit", "impossible", "ignored"]
_RANK: dict[Status, int] = {"ignored": 0, "imported": 1, "needs_edit": 2, "impossible": 3}


@dataclass(frozen=True)
class LineReport:
    """What became of one line (counted from 1) of the script, and why. `source` is the line itself.

    imported: it is in the formula (the message names any difference in meaning); needs_edit: the formula needs a hand
    here; impossible: no formula can say this; ignored: it only draws, or says nothing a formula could."""

    line: int
    status: Status
    message: str
    source: str


@dataclass(frozen=True)
class PineImport:
    """The formula a script became. `ok`: the text passes the checker; `complete`: and every line of the script was
    imported or could be ignored. `name` is the script's title."""

    text: str
    name: str
    ok: bool
    report: list[LineReport]

    @property
    def complete(self) -> bool:
        return self.ok and all(line.status in ("imported", "ignored") for line in self.report)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "text": self.text,
            "name": self.name,
            "ok": self.ok,
            "complete": self.complete,
            "report": [asdict(line) for line in self.report],
        }


class Cannot(Exception):
    """Something in the script cannot become part of a formula as it stands."""

    def __init__(self, message: str, status: Status = "needs_edit") -> None:
        super().__init__(message)
        self.message = message
        self.status: Status = status


def impossible(message: str) -> Cannot:
    return Cannot(message, "impossible")


@dataclass
class Record:
    """What is known of one statement while the import goes on. `line` to `end` are its own lines, without a block's."""

    line: int
    end: int
    status: Status = "ignored"
    messages: list[str] = field(default_factory=list)
    failed: bool = False

    def note(self, status: Status, message: str = "") -> None:
        """Raise the status to `status` if that is graver, and keep the message."""
        if _RANK[status] > _RANK[self.status]:
            self.status = status
        if message and message not in self.messages:
            self.messages.append(message)
