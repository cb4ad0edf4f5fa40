"""WebSocket paths: each app keeps the consumers of its own data."""

from __future__ import annotations

from django.urls import path

from apps.backtests.consumers import BacktestConsumer, PortfolioConsumer, SweepConsumer, WalkForwardConsumer
from apps.notifications.consumers import InboxConsumer
from apps.pages.consumers import JournalConsumer
from apps.signals.consumers import SignalConsumer

websocket_urlpatterns = [
    path("ws/backtests/<uuid:uuid>/", BacktestConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/sweeps/<uuid:uuid>/", SweepConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/walk-forwards/<uuid:uuid>/", WalkForwardConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/portfolios/<uuid:uuid>/", PortfolioConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/signals/", SignalConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/inbox/", InboxConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/journal/", JournalConsumer.as_asgi()),  # type: ignore[arg-type]
]
