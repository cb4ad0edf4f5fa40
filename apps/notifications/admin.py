"""Staff's view of notices, their deliveries and where people are reached: read only, nothing in the clear."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from unfold.admin import TabularInline

from apps.core.manner import together, written
from apps.core.staff import ReadOnly, ReadOnlyAdmin, figure_of
from apps.notifications.models import Attempt, Contact, Delivery, Notice
from apps.notifications.selectors.analytics import SPANS, Analytics, analytics_of


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
class NoticeAdmin(ReadOnlyAdmin):
    """What it says is its person's to read: staff see that it was told, not what."""

    list_display = ["created_at", "event", "person", "workspace", "urgency", "is_test", "acknowledged_at"]
    list_filter = ["urgency", "is_test"]
    search_fields = ["uuid", "person__email"]
    list_select_related = ["person", "workspace"]
    fields = ["uuid", *list_display, "until", "deadline_at", "read_at", "acknowledged_by", "in_inbox"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_before_template = "admin/notifications/to_analytics.html"
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.analytics)
        return [path("analytics/", view, name="notifications_analytics"), *super().get_urls()]

    def analytics(self, request: HttpRequest) -> HttpResponse:
        """Deliveries by channel and provider."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        span = request.GET.get("span", "day")
        span = span if span in SPANS else "day"
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Delivery analytics"),
            "opts": self.opts,
            "spans": [
                {"title": words.capitalize(), "link": f"?span={name}", "active": name == span}
                for name, (_, words) in SPANS.items()
            ],
            **analytics_tables(analytics_of(span)),
        }
        return TemplateResponse(request, "admin/notifications/analytics.html", context)


def analytics_tables(found: Analytics) -> dict[str, Any]:
    """As the admin's table component takes them."""
    return {
        "channels": {
            "headers": [
                gettext("Channel"),
                gettext("Delivered"),
                gettext("Failed"),
                gettext("Not sent"),
                gettext("Dry run"),
                "p50",
                "p95",
                gettext("Credits"),
                gettext("Waiting"),
            ],
            "rows": [
                [
                    one.words,
                    _count(one.delivered),
                    _count(one.failed) + (f" ({written(one.failed_share or 0):.1%})" if one.failed else ""),
                    _count(one.cancelled),
                    _count(one.dry_run),
                    _seconds(one.p50_s),
                    _seconds(one.p95_s),
                    _count(one.credits),
                    _count(one.waiting) + (f", since {_seconds(one.oldest_s)}" if one.waiting else ""),
                ]
                for one in found.channels
            ],
        },
        "providers": {
            "headers": [
                gettext("Provider"),
                gettext("Attempts"),
                gettext("Delivered"),
                gettext("Refused"),
                gettext("Faults"),
                "p50",
                "p95",
                gettext("Price"),
                gettext("Circuit"),
            ],
            "rows": [
                [
                    one.provider if one.provider == one.channel else f"{one.provider} ({one.channel})",
                    _count(one.attempts),
                    _count(one.delivered),
                    _count(one.refused),
                    _count(one.faults),
                    _seconds(one.p50_ms and one.p50_ms / 1000),
                    _seconds(one.p95_ms and one.p95_ms / 1000),
                    "–" if one.price is None else together(one.currency, f"{written(one.price):,.2f}"),
                    f"open for {one.open_s:.0f} s" if one.circuit == "open" else one.circuit,
                ]
                for one in found.providers
            ],
        },
        "errors": {
            "headers": [gettext("When (UTC)"), gettext("Provider"), gettext("Outcome"), gettext("Answer")],
            "rows": [
                [
                    f"{one.at:%Y-%m-%d %H:%M:%S}",
                    one.provider if one.provider == one.channel else f"{one.provider} ({one.channel})",
                    one.outcome,
                    one.error
                    if str(one.http_status or "") in one.error
                    else f"{one.http_status} {one.error}",
                ]
                for one in found.errors
            ],
        },
    }


def _count(number: int) -> str:
    return figure_of(number or None)


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{written(seconds * 1000):.0f} ms"
    return f"{written(seconds):.1f} s" if seconds < 120 else f"{written(seconds / 60):,.0f} min"


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
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
