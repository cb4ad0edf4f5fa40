"""Addresses of runs side by side."""

from django.urls import path

from apps.backtests.views import compare

urlpatterns = [
    path("compare/", compare.compare, name="compare"),
    path("compare/chart.json", compare.compare_chart, name="compare-chart"),
]
