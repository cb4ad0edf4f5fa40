"""Staff's view of sources, raw requests and signals. Stored requests and signals are read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.signals.models import Alert, AlertSource, SecurityEvent, Signal
from apps.signals.services import set_rate_limit


class ReadOnlyAdmin(ModelAdmin):
    show_full_result_count = False
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AlertSource)
class AlertSourceAdmin(ModelAdmin):
    """Staff may change the limit; name and state are the owner's, and the token is nobody's to read."""

    records_itself = True
    list_display = [
        "name",
        "workspace",
        "kind",
        "token_prefix",
        "is_active",
        "alerts_per_minute",
        "created_at",
    ]
    list_filter = ["is_active", "kind"]
    search_fields = ["name", "uuid", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    fields = ["uuid", "name", "workspace", "kind", "token_prefix", "is_active", "alerts_per_minute"]
    readonly_fields = ["uuid", "name", "workspace", "kind", "token_prefix", "is_active"]
    show_full_result_count = False
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: AlertSource, form: Any, change: bool) -> None:
        set_rate_limit(obj, alerts_per_minute=obj.alerts_per_minute, actor=request.user)  # type: ignore[arg-type]


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "source", "status", "remote_ip", "is_test", "attempts"]
    list_filter = ["status", "is_test"]
    search_fields = ["uuid", "dedupe_key", "source__name"]
    list_select_related = ["source"]
    fields = ["uuid", "source", "received_at", "status", "problem", "body_text", "headers", "remote_ip"]
    readonly_fields = fields


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "workspace", "source", "symbol", "timeframe", "action", "price", "is_test"]
    list_filter = ["action", "is_test", "status"]
    search_fields = ["uuid", "symbol", "strategy", "workspace__name"]
    list_select_related = ["workspace", "source"]


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ["minute", "kind", "remote_ip", "source", "count"]
    list_filter = ["kind"]
    search_fields = ["remote_ip", "source__name"]
    list_select_related = ["source"]
