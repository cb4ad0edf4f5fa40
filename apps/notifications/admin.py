"""Staff's view of notices, their deliveries and where people are reached: read only, nothing in the clear."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.notifications.models import Attempt, Contact, Delivery, Notice


class ReadOnly:
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AttemptInline(ReadOnly, TabularInline):
    model = Attempt
    fields = [
        "number",
        "provider",
        "began_at",
        "ended_at",
        "outcome",
        "http_status",
        "price",
        "currency",
        "error",
    ]
    readonly_fields = fields
    ordering = ["number"]
    extra = 0


@admin.register(Notice)
class NoticeAdmin(ReadOnly, ModelAdmin):
    """What it says is its person's to read: staff see that it was told, not what."""

    list_display = ["created_at", "event", "person", "workspace", "urgency", "is_test", "acknowledged_at"]
    list_filter = ["urgency", "is_test"]
    search_fields = ["uuid", "person__email"]
    list_select_related = ["person", "workspace"]
    fields = ["uuid", *list_display, "until", "deadline_at", "read_at", "acknowledged_by", "in_inbox"]
    show_full_result_count = False
    ordering = ["-id"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "created_at",
        "channel",
        "status",
        "provider",
        "attempts",
        "price",
        "currency",
        "cost",
        "person",
        "error",
    ]
    list_filter = ["status", "channel", "provider"]
    search_fields = ["uuid", "provider_id", "person__email"]
    list_select_related = ["person"]
    fields = [
        "uuid",
        "notice",
        "contact",
        *list_display,
        "step",
        "urgency",
        "send_after",
        "lane",
        "in_digest",
        "tries",
        "is_doubtful",
        "worker",
        "lease_until",
        "provider_id",
        "charge_key",
        "charged_at",
        "ended_at",
    ]
    inlines = [AttemptInline]
    show_full_result_count = False
    ordering = ["-id"]


@admin.register(Contact)
class ContactAdmin(ReadOnly, ModelAdmin):
    list_display = [
        "channel",
        "label",
        "person",
        "workspace",
        "verified_at",
        "disabled_for",
        "failing_since",
        "last_ok_at",
    ]
    list_filter = ["channel", "disabled_for"]
    search_fields = ["uuid", "label", "person__email", "workspace__name"]
    list_select_related = ["person", "workspace"]
    fields = ["uuid", *list_display, "options", "disabled_at", "disabled_note", "created_at"]
    show_full_result_count = False
    ordering = ["-id"]
