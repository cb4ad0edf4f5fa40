from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.backtests.models import Backtest


@admin.register(Backtest)
class BacktestAdmin(ModelAdmin):
    """Read mostly: a run is asked for in the product, never here."""

    list_display = ["formula_name", "workspace", "bar_set", "status", "attempts", "created_at", "finished_at"]
    list_filter = ["status"]
    search_fields = ["uuid", "formula_name", "result_hash", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace", "bar_set__instrument"]
    show_full_result_count = False

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False
