from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class TradingConfig(AppConfig):
    name = "apps.trading"
    verbose_name = gettext_lazy("Trading")

    def ready(self) -> None:
        from apps.trading import events  # noqa: F401  registers what people are told
        from apps.trading.hooks import filled, order_changed
        from apps.trading.services.telling import tell_fills, tell_orders

        filled.connect(tell_fills)
        order_changed.connect(tell_orders)
