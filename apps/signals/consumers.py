"""The live feed over WebSocket."""

from __future__ import annotations

from channels.db import database_sync_to_async

from apps.accounts.selectors import workspaces_of
from apps.core.live import LiveConsumer
from apps.signals.services.processing import live_group


class SignalConsumer(LiveConsumer):
    """`/ws/signals/`: events `signal`, each with a list of new signals, for every workspace of the person."""

    @database_sync_to_async
    def _workspace_ids(self) -> list[int]:
        return list(workspaces_of(self.scope["user"]).values_list("pk", flat=True))

    async def groups_for(self) -> list[str] | None:
        return [live_group(workspace_id) for workspace_id in await self._workspace_ids()]
