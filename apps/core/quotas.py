"""What rooms below billing ask of plans: whether there is room for one more, and who may do something at all.

Billing gives the answers in its `ready`; without it there is room, and everybody may.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

_room: list[Callable[[Any, str], None]] = []
_holding: list[Callable[[Collection[int], str], set[int]]] = []


def quotas_from(
    room: Callable[[Any, str], None], holding: Callable[[Collection[int], str], set[int]]
) -> None:
    """`room(workspace, meter)` raises where the plan has no room; `holding(ids, capability)` gives those that may."""
    _room[:], _holding[:] = [room], [holding]


def check_room(workspace: Any, meter: str) -> None:
    """Raises a DomainError (402) unless the workspace may have one more of what the meter counts, such as "seats".

    Part of the transaction that adds it: others who ask for the same workspace wait until that has ended.
    """
    if _room:
        _room[0](workspace, meter)


def holding(workspace_ids: Collection[int], capability: str) -> set[int]:
    """Of these workspaces, those whose plan holds the capability. One query, none for no workspaces."""
    return _holding[0](workspace_ids, capability) if _holding and workspace_ids else set(workspace_ids)
