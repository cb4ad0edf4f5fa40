from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class BacktestsConfig(AppConfig):
    name = "apps.backtests"
    verbose_name = gettext_lazy("Backtests")
