from django.apps import AppConfig


class MarketsConfig(AppConfig):
    name = "apps.markets"

    def ready(self) -> None:
        from apps.markets import events  # noqa: F401  registers what people are told
        from apps.markets.services.usage import count_bars_of_feeds

        count_bars_of_feeds()
