from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.journal.models import Entry


@admin.register(Entry)
class EntryAdmin(ModelAdmin):
    """Read only: the journal is written by services alone."""

    list_display = ["recorded_at", "action"]
    list_filter = ["action"]
    search_fields = ["action"]
    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
