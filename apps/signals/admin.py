"""Staff's view of sources, raw requests and signals. Stored requests and signals are read only."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.core.staff import ReadOnlyAdmin
from apps.core.words import gettext_lazy
from apps.notifications.selectors.waiting import waiting_by_channel
from apps.signals.choices import AlertStatus
from apps.signals.errors import UtBotRefused
from apps.signals.models import Alert, AlertSource, RefusedAlert, SecurityEvent, Signal, UtBot
from apps.signals.selectors import intake_depth, intake_rates, last_day, last_hour, turned_away
from apps.signals.selectors.intake import Span
from apps.signals.services import create_ut_bot, set_rate_limit, update_ut_bot
from apps.signals.services.ut_bots import FIELDS, check_ut_bot
from apps.signals.ut_bot.script import script_of


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


class ProblemFilter(admin.SimpleListFilter):
    """Why alerts stand for review."""

    title = gettext_lazy("problem")
    parameter_name = "problem"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("invalid_json", gettext("not JSON")),
            ("no_template_fits", gettext("fits no template")),
            ("invalid_alert", gettext("wrong values")),
            ("unknown_symbol", gettext("unknown symbol")),
            ("unknown_timeframe", gettext("unknown timeframe")),
            ("repeat", gettext("read already")),
            ("processing_failed", gettext("processing failed")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(problem__code=self.value()) if self.value() else queryset


@admin.register(RefusedAlert)
class RefusedAlertAdmin(ReadOnlyAdmin):
    """The review queue of all workspaces. Owners mend and replay; a passphrase was cut out before it was stored."""

    list_display = ["received_at", "workspace", "source", "why", "detail", "status", "is_test"]
    list_filter = [
        ProblemFilter,
        "status",
        "source__kind",
        "received_at",
        "is_test",
    ]
    search_fields = ["uuid", "source__name", "source__workspace__name", "source__workspace__owner__email"]
    list_select_related = ["source__workspace"]
    fields = [
        "uuid",
        "workspace",
        "source",
        "received_at",
        "status",
        "problem",
        "body_text",
        "headers",
        "remote_ip",
    ]
    readonly_fields = fields
    actions_list = ["rates"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(status__in=(AlertStatus.REJECTED, AlertStatus.FAILED))

    @admin.display(description=gettext_lazy("workspace"), ordering="source__workspace")
    def workspace(self, alert: RefusedAlert) -> Any:
        return alert.source.workspace

    @admin.display(description=gettext_lazy("problem"))
    def why(self, alert: RefusedAlert) -> str:
        return str((alert.problem or {}).get("code", "")).replace("_", " ")

    @admin.display(description=gettext_lazy("in detail"))
    def detail(self, alert: RefusedAlert) -> str:
        return str((alert.problem or {}).get("detail", ""))[:70]

    @action(
        description=gettext_lazy("Queue and rates"), url_path="rates", icon="chart-line", permissions=["view"]
    )  # type: ignore[untyped-decorator]
    def rates(self, request: HttpRequest) -> HttpResponse:
        """What waits on the way from a POST to a message, and how much came lately."""
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Signals: queue and rates"),
            "depth": intake_depth(),
            "channels": waiting_by_channel(),
            "rates": intake_rates(),
            "turned_away": turned_away(),
            "chart_options": json.dumps(CHART_OPTIONS),
            "charts": [
                (gettext("Alerts a minute, the last hour"), _chart(last_hour(), "%H:%M")),
                (gettext("Alerts an hour, the last day (UTC)"), _chart(last_day(), "%d. %H:00")),
            ],
        }
        return render(request, "admin/signals/rates.html", context)


CHART_OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "plugins": {"legend": {"display": True, "position": "bottom"}},
    "scales": {
        "x": {"stacked": True, "grid": {"display": False}},
        "y": {"stacked": True, "beginAtZero": True, "grid": {}, "ticks": {"precision": 0}},
    },
}


def _chart(spans: list[Span], form: str) -> str:
    """Read and refused, stacked."""
    return json.dumps(
        {
            "labels": [span.begin.strftime(form) for span in spans],
            "datasets": [
                {
                    "label": "Read",
                    "data": [span.alerts - span.refused for span in spans],
                    "backgroundColor": "#6b7280",
                },
                {"label": "Refused", "data": [span.refused for span in spans], "backgroundColor": "#c2410c"},
            ],
        }
    )


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin):
    list_display = ["received_at", "workspace", "source", "symbol", "timeframe", "action", "price", "is_test"]
    list_filter = ["action", "is_test", "status"]
    search_fields = ["uuid", "symbol", "strategy", "workspace__name"]
    list_select_related = ["workspace", "source"]


class UtBotAdminForm(forms.ModelForm):  # type: ignore[type-arg]
    """The same checks as on the trader's page."""

    symbols = forms.CharField(
        label=gettext_lazy("Symbols"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("EXCHANGE:TICKER, separated by spaces; at most 40."),
    )

    class Meta:
        model = UtBot
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["symbols"] = " ".join(self.instance.symbols)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        source = values.get("source")
        if source is None:
            return values
        for name in [name for name in FIELDS if name in values]:
            try:
                values.update(
                    check_ut_bot(
                        {name: values[name]},
                        self.instance.workspace if self.instance.pk else source.workspace,
                    )
                )
            except UtBotRefused as error:
                self.add_error(error.field if error.field in self.fields else None, error.message)
        return values


@admin.register(UtBot)
class UtBotAdmin(ModelAdmin):
    """Staff set UT Bots up for a workspace, that of the chosen source, and take the script from here."""

    records_itself = True
    form = UtBotAdminForm
    list_display = ["name", "strategy", "workspace", "source", "timeframe", "multiplier", "created_at"]
    search_fields = ["name", "uuid", "workspace__name", "workspace__owner__email", "source__name"]
    list_select_related = ["workspace", "source"]
    autocomplete_fields = ["source"]
    readonly_fields = ["strategy", "script"]
    show_full_result_count = False
    ordering = ["-id"]

    def get_fields(self, request: HttpRequest, obj: UtBot | None = None) -> list[str]:
        return [*FIELDS, "strategy", "script"] if obj else list(FIELDS)

    @admin.display(description=gettext_lazy("Script for TradingView"))
    def script(self, bot: UtBot) -> str:
        return format_html('<pre style="white-space: pre-wrap">{}</pre>', script_of(bot.rule))

    def save_model(self, request: HttpRequest, obj: UtBot, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            update_ut_bot(UtBot.objects.get(pk=obj.pk), values, actor=request.user)  # type: ignore[arg-type]
        else:
            made = create_ut_bot(values["source"].workspace, values, actor=request.user)  # type: ignore[arg-type]
            obj.pk, obj.uuid, obj.number, obj.workspace = made.pk, made.uuid, made.number, made.workspace

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    list_display = ["minute", "kind", "remote_ip", "source", "count"]
    list_filter = ["kind"]
    search_fields = ["remote_ip", "source__name"]
    list_select_related = ["source"]
