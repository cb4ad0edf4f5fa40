"""Addresses of backtests."""

from django.urls import path, re_path

from apps.backtests.selectors import EXPORT_NAMES
from apps.backtests.views import backtests as views

urlpatterns = [
    path("", views.backtest_list, name="backtest-list"),
    path("new/<uuid:formula>/", views.backtest_new, name="backtest-new"),
    path("<uuid:uuid>/", views.backtest_detail, name="backtest-detail"),
    path("<uuid:uuid>/status/", views.backtest_status, name="backtest-status"),
    path("<uuid:uuid>/trades/", views.backtest_trades, name="backtest-trades"),
    path("<uuid:uuid>/trials/", views.backtest_trials, name="backtest-trials"),
    re_path(
        r"^(?P<uuid>[0-9a-f-]{36})/charts/(?P<chart>price|equity|drawdown)\.json$",
        views.backtest_chart,
        name="backtest-chart",
    ),
    re_path(
        rf"^(?P<uuid>[0-9a-f-]{{36}})/(?P<what>{EXPORT_NAMES})$",
        views.backtest_export,
        name="backtest-export",
    ),
    path("<uuid:uuid>/cancel/", views.backtest_cancel, name="backtest-cancel"),
    path("<uuid:uuid>/delete/", views.backtest_delete, name="backtest-delete"),
]
