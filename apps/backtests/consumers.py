"""Progress of one run over WebSocket."""

from __future__ import annotations

from channels.db import database_sync_to_async

from apps.accounts.selectors import workspaces_of
from apps.backtests.models import Backtest
from apps.core.live import LiveConsumer


class BacktestConsumer(LiveConsumer):
    """`/ws/backtests/<uuid>/`: events `progress` (percent, bars_per_second, seconds_left) and `finished`."""

    async def groups_for(self) -> list[str] | None:
        backtest = await self._backtest()
        return [backtest.live_group] if backtest else None

    @database_sync_to_async
    def _backtest(self) -> Backtest | None:
        return Backtest.objects.filter(
            uuid=self.scope["url_route"]["kwargs"]["uuid"],
            workspace__in=workspaces_of(self.scope["user"]),
        ).first()
