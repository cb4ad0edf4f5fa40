from django.apps import AppConfig


class BacktestsConfig(AppConfig):
    name = "apps.backtests"
    verbose_name = "Backtests"
