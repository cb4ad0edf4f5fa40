from django.contrib import admin

from apps.backtests.models import Backtest, PortfolioRun, Sweep, Trial, WalkForward
from apps.core.staff import ReadOnlyAdmin


@admin.register(Backtest)
class BacktestAdmin(ReadOnlyAdmin):
    list_display = ["formula_name", "workspace", "bar_set", "status", "attempts", "created_at", "finished_at"]
    list_filter = ["status"]
    search_fields = ["uuid", "formula_name", "result_hash", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace", "bar_set__instrument"]


@admin.register(Sweep)
class SweepAdmin(ReadOnlyAdmin):
    list_display = ["formula_name", "workspace", "status", "work_total", "created_at", "finished_at"]
    list_filter = ["status"]
    search_fields = ["uuid", "formula_name", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]


@admin.register(WalkForward)
class WalkForwardAdmin(ReadOnlyAdmin):
    list_display = ["formula_name", "workspace", "bar_set", "status", "created_at", "finished_at"]
    list_filter = ["status"]
    search_fields = ["uuid", "formula_name", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace", "bar_set__instrument"]


@admin.register(PortfolioRun)
class PortfolioRunAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "status", "created_at", "finished_at"]
    list_filter = ["status"]
    search_fields = ["uuid", "name", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]


@admin.register(Trial)
class TrialAdmin(ReadOnlyAdmin):
    list_display = ["lineage", "source", "sharpe", "periods", "total_return", "engine_version", "created_at"]
    list_filter = ["source", "engine_version"]
    search_fields = ["lineage", "workspace", "formula_hash"]
