"""Staff's view of notices, their deliveries and where people are reached: read only, nothing in the clear."""

from __future__ import annotations

from collections.abc import Iterator
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
from apps.core.words import gettext_lazy
from apps.notifications.channels.registry import words_of
from apps.notifications.choices import Outcome
from apps.notifications.models import Attempt, Contact, Delivery, Notice
from apps.notifications.selectors.analytics import SPANS, Analytics, analytics_of


class ChannelFilter(admin.AllValuesFieldListFilter):
    """Channels by what people call them."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": words_of(str(choice["display"]))}


class OfChannel:
    @admin.display(description=Delivery._meta.get_field("channel").verbose_name, ordering="channel")
    def of_channel(self, row: Delivery | Contact) -> str:
        return words_of(row.channel)


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
class DeliveryAdmin(OfChannel, ReadOnlyAdmin):
    list_before_template = "admin/notifications/to_analytics.html"
    list_display = [
        "created_at",
        "of_channel",
        "status",
        "provider",
        "attempts",
        "price",
        "currency",
        "cost",
        "person",
        "error",
    ]
    list_filter = ["status", ("channel", ChannelFilter), "provider"]
    readonly_fields = ["of_channel"]
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


CIRCUITS = {
    "closed": gettext_lazy("closed"),
    "open": gettext_lazy("open for {time}"),
    "probing": gettext_lazy("being tried"),
    "unknown": gettext_lazy("unknown"),
}


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
                    _count(one.waiting) + (_since(one.oldest_s) if one.waiting else ""),
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
                    _provider(one.provider, one.channel),
                    _count(one.attempts),
                    _count(one.delivered),
                    _count(one.refused),
                    _count(one.faults),
                    _seconds(one.p50_ms and one.p50_ms / 1000),
                    _seconds(one.p95_ms and one.p95_ms / 1000),
                    "–" if one.price is None else together(one.currency, f"{written(one.price):,.2f}"),
                    str(CIRCUITS[one.circuit]).format(time=_seconds(one.open_s)),
                ]
                for one in found.providers
            ],
        },
        "errors": {
            "headers": [gettext("When (UTC)"), gettext("Provider"), gettext("Outcome"), gettext("Answer")],
            "rows": [
                [
                    f"{one.at:%Y-%m-%d %H:%M:%S}",
                    _provider(one.provider, one.channel),
                    Outcome(one.outcome).label,
                    one.error
                    if str(one.http_status or "") in one.error
                    else f"{one.http_status} {one.error}",
                ]
                for one in found.errors
            ],
        },
    }


def _provider(name: str, channel: str) -> str:
    """main (E-mail); where a channel has but itself, its words."""
    return words_of(channel) if name == channel else f"{name} ({words_of(channel)})"


def _since(seconds: float | None) -> str:
    return gettext(", since {time}").format(time=_seconds(seconds))


def _count(number: int) -> str:
    return figure_of(number or None)


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{written(seconds * 1000):.0f} ms"
    return f"{written(seconds):.1f} s" if seconds < 120 else f"{written(seconds / 60):,.0f} min"


@admin.register(Contact)
class ContactAdmin(OfChannel, ReadOnlyAdmin):
    list_display = [
        "of_channel",
        "label",
        "person",
        "workspace",
        "verified_at",
        "disabled_for",
        "failing_since",
        "last_ok_at",
    ]
    list_filter = [("channel", ChannelFilter), "disabled_for"]
    readonly_fields = ["of_channel"]
    search_fields = ["uuid", "label", "person__email", "workspace__name"]
    list_select_related = ["person", "workspace"]
    fields = ["uuid", *list_display, "options", "disabled_at", "disabled_note", "created_at"]
