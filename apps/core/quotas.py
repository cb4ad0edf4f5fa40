"""What rooms below billing ask of plans: whether there is room for one more, and whether one holds a capability.

Billing gives the answers in its `ready`; without it there is room, and every plan holds everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_room: list[Callable[[Any, str], None]] = []
_holds: list[Callable[[str, int | None, str], bool]] = []


def quotas_from(room: Callable[[Any, str], None], holds: Callable[[str, int | None, str], bool]) -> None:
    """`room(workspace, meter)` raises where the plan has no room; `holds(code, version, capability)` says whether the
    plan that a workspace names so holds the capability."""
    _room[:], _holds[:] = [room], [holds]


def check_room(workspace: Any, meter: str) -> None:
    """Raises a DomainError (402) unless the workspace may have one more of what the meter counts, such as "seats".

    Part of the transaction that adds it: others who ask for the same workspace wait until that has ended.
    """
    if _room:
        _room[0](workspace, meter)


def plan_holds(code: str, version: int | None, capability: str) -> bool:
    """Whether the plan of a workspace with this `plan_code` and `plan_version` holds the capability. For workers that
    look at many: it is answered from memory."""
    return _holds[0](code, version, capability) if _holds else True
