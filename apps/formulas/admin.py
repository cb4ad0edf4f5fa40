from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.formulas.models import Formula, FormulaVersion


@admin.register(Formula)
class FormulaAdmin(ModelAdmin):
    list_display = ["name", "workspace", "updated_at", "archived_at"]
    search_fields = ["name", "uuid", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    readonly_fields = ["uuid", "workspace", "created_at", "updated_at"]
    show_full_result_count = False


@admin.register(FormulaVersion)
class FormulaVersionAdmin(ModelAdmin):
    list_display = ["formula", "number", "content_hash", "published_by", "created_at"]
    search_fields = ["formula__name", "content_hash", "uuid"]
    list_select_related = ["formula", "published_by"]
    readonly_fields = ["formula", "number", "text", "content_hash", "published_by", "uuid"]
    show_full_result_count = False

    def has_add_permission(self, request: object) -> bool:
        return False
