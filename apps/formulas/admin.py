from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin

from apps.formulas.models import Formula, FormulaCase, FormulaVersion


@admin.register(Formula)
class FormulaAdmin(ModelAdmin):
    list_display = ["name", "workspace", "updated_at", "archived_at"]
    search_fields = ["name", "uuid", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    readonly_fields = [
        "uuid",
        "workspace",
        "forked_from",
        "forked_from_label",
        "forked_from_hash",
        "created_at",
        "updated_at",
    ]
    show_full_result_count = False


@admin.register(FormulaVersion)
class FormulaVersionAdmin(ModelAdmin):
    list_display = ["formula", "number", "note", "content_hash", "published_by", "created_at"]
    search_fields = ["formula__name", "content_hash", "uuid"]
    list_select_related = ["formula", "published_by"]
    readonly_fields = [
        "formula",
        "number",
        "text",
        "note",
        "content_hash",
        "cases",
        "published_by",
        "uuid",
    ]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Only along with its formula: the database refuses to remove a version alone."""
        return not request.path.startswith(reverse("admin:formulas_formulaversion_changelist"))


@admin.register(FormulaCase)
class FormulaCaseAdmin(ModelAdmin):
    list_display = ["formula", "name", "bars", "updated_at", "removed_at"]
    search_fields = ["formula__name", "name", "uuid"]
    list_select_related = ["formula"]
    readonly_fields = ["formula", "order", "name", "content", "bars", "removed_at", "uuid"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
