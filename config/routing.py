"""WebSocket paths: each app keeps the consumers of its own data."""

from __future__ import annotations

from django.urls import path

from apps.backtests.consumers import BacktestConsumer, PortfolioConsumer, SweepConsumer, WalkForwardConsumer
from apps.bots.consumers import BotConsumer, BotsConsumer
from apps.core.live import PageConsumer
from apps.markets.consumers import FeedConsumer, FeedsConsumer
from apps.notifications.consumers import InboxConsumer
from apps.pages.consumers import JournalConsumer
from apps.signals.consumers import SignalConsumer
from apps.trading.consumers import TradingConsumer

# Each by itself, for programs that want one thing.
regions = [
    path("ws/backtests/<uuid:uuid>/", BacktestConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/sweeps/<uuid:uuid>/", SweepConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/walk-forwards/<uuid:uuid>/", WalkForwardConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/portfolios/<uuid:uuid>/", PortfolioConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/bots/", BotsConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/bots/<uuid:uuid>/", BotConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/feeds/", FeedsConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/feeds/<uuid:uuid>/", FeedConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/signals/", SignalConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/trading/", TradingConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/inbox/", InboxConsumer.as_asgi()),  # type: ignore[arg-type]
    path("ws/journal/", JournalConsumer.as_asgi()),  # type: ignore[arg-type]
]

# All that a page shows, by one line.
websocket_urlpatterns = [path("ws/", PageConsumer.as_asgi(regions=regions)), *regions]  # type: ignore[arg-type]
