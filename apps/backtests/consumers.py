"""Progress of research over WebSocket."""

from __future__ import annotations

from typing import Any, ClassVar

from channels.db import database_sync_to_async

from apps.accounts.selectors import workspaces_of
from apps.backtests.models import Backtest, PortfolioRun, Sweep, WalkForward
from apps.core.live import LiveConsumer


class JobConsumer(LiveConsumer):
    """`/ws/<kind>/<uuid>/`: events `progress` (percent, done, total, per_second, seconds_left) and `finished`."""

    model: ClassVar[Any]

    async def groups_for(self) -> list[str] | None:
        job = await self._job()
        return [job.live_group] if job else None

    @database_sync_to_async
    def _job(self) -> Any:
        return self.model.objects.filter(
            uuid=self.scope["url_route"]["kwargs"]["uuid"],
            workspace__in=workspaces_of(self.scope["user"]),
        ).first()


class BacktestConsumer(JobConsumer):
    model = Backtest


class SweepConsumer(JobConsumer):
    model = Sweep


class WalkForwardConsumer(JobConsumer):
    model = WalkForward


class PortfolioConsumer(JobConsumer):
    model = PortfolioRun
