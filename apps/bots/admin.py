from datetime import UTC, datetime

from django.contrib import admin

from apps.bots.models import Bot, Cohort, Decision, Upgrade
from apps.core.staff import ReadOnlyAdmin
from apps.core.words import gettext_lazy


@admin.register(Bot)
class BotAdmin(ReadOnlyAdmin):
    list_display = ["name", "workspace", "version", "feed", "mode", "state", "cause", "parity", "created_at"]
    list_filter = ["state", "mode", "parity", "cause"]
    search_fields = ["uuid", "name", "workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace", "version__formula", "feed__instrument"]
    exclude = ["sim"]


@admin.register(Cohort)
class CohortAdmin(ReadOnlyAdmin):
    list_display = [
        "id",
        "feed",
        "formula_hash",
        "last_number",
        "stepped_at",
        "heartbeat_at",
        "failures",
        "error",
    ]
    search_fields = ["uuid", "formula_hash"]
    list_select_related = ["feed__instrument"]
    exclude = ["decisions", "accounts", "delayed"]


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["bot", "number", "bar", "flags", "given", "request", "refused", "at"]
    search_fields = ["bot__uuid", "bot__name"]
    list_select_related = ["bot"]

    @admin.display(description=gettext_lazy("Bar"), ordering="time")
    def bar(self, row: Decision) -> str:
        """When the bar began, UTC; the row has milliseconds."""
        return f"{datetime.fromtimestamp(row.time / 1000, UTC):%Y-%m-%d %H:%M}"


@admin.register(Upgrade)
class UpgradeAdmin(ReadOnlyAdmin):
    list_display = ["bot", "before", "after", "state", "bars", "created_at", "ended_at"]
    list_filter = ["state"]
    list_select_related = ["bot", "before__formula", "after__formula"]
