"""Trading over WebSocket."""

from __future__ import annotations

from apps.accounts.live import WorkspaceConsumer
from apps.trading.services.telling import live_group


class TradingConsumer(WorkspaceConsumer):
    """`/ws/trading/`: events `order`, `fill`, `account` and `switch` of the person's workspaces."""

    right = "trading.view"

    def groups_in_database(self) -> list[str] | None:
        return [live_group(pk) for pk in self.workspaces().values_list("pk", flat=True)]
