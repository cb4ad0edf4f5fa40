"""New entries, told to the browsers that look at their workspace's activity."""

from __future__ import annotations

from apps.core.live import push_on_commit
from apps.journal.models import Entry
from apps.journal.services.registry import consumer


def live_group(workspace_id: int) -> str:
    """The group of everybody who watches what happens in a workspace."""
    return f"journal.{workspace_id}"


@consumer("journal.live", actions=("*",))
def tell_watchers(entry: Entry) -> None:
    """Say that there is something new; what it is, each page asks for with its own rights."""
    if entry.workspace_id is not None:
        push_on_commit(live_group(entry.workspace_id), {"kind": "entry", "uuid": str(entry.uuid)})
