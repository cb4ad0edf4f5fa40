from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import DecimalField
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from apps.core.staff import ReadOnlyAdmin
from apps.markets.models import BarSet, Feed, Instrument


class PlainDecimalWidget(UnfoldAdminDecimalFieldWidget):  # type: ignore[misc]
    """A figure as people write it: 0.01, not 0.010000000000; 0, not 0E-12."""

    def format_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else super().format_value(value)


@admin.register(Instrument)
class InstrumentAdmin(ModelAdmin):
    list_display = ["symbol", "venue", "name", "asset_class", "currency", "workspace"]
    list_filter = ["asset_class"]
    search_fields = ["symbol", "name", "uuid", "workspace__name"]
    list_select_related = ["workspace"]
    autocomplete_fields = ["workspace"]
    formfield_overrides = {DecimalField: {"widget": PlainDecimalWidget}}
    show_full_result_count = False


@admin.register(BarSet)
class BarSetAdmin(ReadOnlyAdmin):
    """Read only: bars are imported, never edited."""

    list_display = [
        "instrument",
        "timeframe",
        "bars",
        "first_time",
        "last_time",
        "workspace",
        "superseded_at",
    ]
    list_filter = ["timeframe", "is_synthetic"]
    search_fields = ["instrument__symbol", "content_hash", "uuid"]
    list_select_related = ["instrument", "workspace"]
    show_full_result_count = False


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    """Read only: staff start and stop shared feeds on their pages."""

    list_display = [
        "instrument",
        "timeframe",
        "provider",
        "state",
        "is_active",
        "next_number",
        "workspace",
        "worker",
    ]
    list_filter = ["provider", "state", "is_active"]
    search_fields = ["instrument__symbol", "uuid"]
    list_select_related = ["instrument", "workspace"]
    show_full_result_count = False
