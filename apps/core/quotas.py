"""How rooms below billing ask whether a plan has room for one more: billing gives the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_ask: list[Callable[[Any, str], None]] = []


def quotas_from(function: Callable[[Any, str], None]) -> None:
    """Let `function(workspace, meter)` refuse what the workspace's plan has no room for; it raises. Called by an app
    above in its `ready`."""
    _ask[:] = [function]


def check_room(workspace: Any, meter: str) -> None:
    """Raises a DomainError (402) unless the workspace may have one more of what the meter counts, such as "seats".

    Part of the transaction that adds it: others who ask for the same workspace wait until that has ended.
    """
    if _ask:
        _ask[0](workspace, meter)
