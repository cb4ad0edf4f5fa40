from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class BotsConfig(AppConfig):
    name = "apps.bots"
    verbose_name = gettext_lazy("Bots")

    def ready(self) -> None:
        from apps.billing.hooks import plan_changed
        from apps.bots import events  # noqa: F401  registers what people are told
        from apps.bots.services.causes import on_obstacle
        from apps.bots.services.feeds import on_bars_closed, on_feed_state
        from apps.bots.services.telling import tell_fills
        from apps.markets.services.feeds import bars_closed, feed_state_changed
        from apps.trading.hooks import account_moved, filled, switched

        bars_closed.connect(on_bars_closed)
        feed_state_changed.connect(on_feed_state)
        filled.connect(tell_fills)
        for obstacle in (switched, account_moved, plan_changed):
            obstacle.connect(on_obstacle)
