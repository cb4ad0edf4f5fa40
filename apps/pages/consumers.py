"""What happens in the workspaces of a person, over WebSocket."""

from __future__ import annotations

from apps.accounts.live import WorkspaceConsumer
from apps.journal.services import live_group


class JournalConsumer(WorkspaceConsumer):
    """`/ws/journal/`: `entry` for each new one (its uuid; pages ask for the rest), `verified` after a verification."""

    right = "workspace.view"

    def groups_in_database(self) -> list[str] | None:
        return [live_group(pk) for pk in self.workspaces().values_list("pk", flat=True)]
