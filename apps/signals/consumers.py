"""The live feed over WebSocket."""

from __future__ import annotations

from apps.accounts.live import WorkspaceConsumer
from apps.signals.services.processing import live_group


class SignalConsumer(WorkspaceConsumer):
    """`/ws/signals/`: events `signal`, each with a list of new signals, for every workspace of the person."""

    right = "signals.view"

    def groups_in_database(self) -> list[str] | None:
        return [live_group(pk) for pk in self.workspaces().values_list("pk", flat=True)]
