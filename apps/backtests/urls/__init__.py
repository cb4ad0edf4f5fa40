"""Addresses below /backtests/, a module for each kind of research."""

from apps.backtests.urls import backtests, compare, portfolios, sweeps, walk_forwards

app_name = "backtests"
urlpatterns = [
    *compare.urlpatterns,
    *sweeps.urlpatterns,
    *walk_forwards.urlpatterns,
    *portfolios.urlpatterns,
    *backtests.urlpatterns,
]
