"""Addresses below /backtests/, a module for each kind of research."""

from apps.backtests.urls import backtests, compare, sweeps

app_name = "backtests"
urlpatterns = [*compare.urlpatterns, *sweeps.urlpatterns, *backtests.urlpatterns]
