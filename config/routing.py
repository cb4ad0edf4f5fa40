"""WebSocket paths: each app keeps the consumers of its own data."""

from __future__ import annotations

from django.urls import path

from apps.backtests.consumers import BacktestConsumer
from apps.signals.consumers import SignalConsumer

websocket_urlpatterns = [
    path("ws/backtests/<uuid:uuid>/", BacktestConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/signals/", SignalConsumer.as_asgi()),  # type: ignore[arg-type]
]
