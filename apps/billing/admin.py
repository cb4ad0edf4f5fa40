from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BigIntegerField, Case, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.billing.forms import AdjustmentForm
from apps.billing.models import (
    CreditBucket,
    LedgerCheck,
    LedgerTransaction,
    MeterUsage,
    Plan,
    PlanLimit,
    WorkspaceCredits,
    WorkspacePlan,
)
from apps.billing.selectors.anomalies import FACTOR, held_for_long, unusual_spending
from apps.billing.services import change_plan
from apps.billing.services.credits import adjust_credits


class PlanLimitInline(TabularInline):
    model = PlanLimit
    extra = 0


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    list_display = ["name", "code", "rank", "monthly_credits", "requires_mfa", "capabilities"]
    search_fields = ["name", "code"]
    inlines = [PlanLimitInline]


@admin.register(MeterUsage)
class MeterUsageAdmin(ModelAdmin):
    list_display = ["workspace", "meter", "period_start", "used", "reserved"]
    list_filter = ["meter"]
    search_fields = ["workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class WorkspacePlanForm(forms.ModelForm):
    plan_code = forms.ChoiceField(label="Plan", choices=lambda: Plan.objects.values_list("code", "name"))

    class Meta:
        model = WorkspacePlan
        fields = ["plan_code"]


@admin.register(WorkspacePlan)
class WorkspacePlanAdmin(ModelAdmin):
    """The one place where staff change a plan: by the service, with its journal entry and what follows from it."""

    form = WorkspacePlanForm
    records_itself = True
    list_display = ["name", "owner", "plan_code", "plan_mfa_from"]
    list_filter = ["plan_code"]
    search_fields = ["name", "slug", "owner__email"]
    list_select_related = ["owner"]
    fields = ["name", "owner", "plan_code", "plan_mfa_from"]
    readonly_fields = ["name", "owner", "plan_mfa_from"]
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: WorkspacePlan, form: Any, change: bool) -> None:
        staff: Any = request.user
        change_plan(obj, form.cleaned_data["plan_code"], actor=staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class UnusualFilter(admin.SimpleListFilter):
    title = f"spending of today (more than {FACTOR} times the usual day)"
    parameter_name = "unusual"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "unusual")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorkspaceCredits]
    ) -> QuerySet[WorkspaceCredits]:
        return (
            queryset.filter(pk__in=[day.workspace_id for day in unusual_spending()])
            if self.value()
            else queryset
        )


@admin.register(WorkspaceCredits)
class WorkspaceCreditsAdmin(ModelAdmin):
    """Balances, and what is unusual today; staff put a balance right here, with a reason the workspace can read."""

    form = AdjustmentForm
    list_display = ["name", "owner", "plan_code", "available", "held", "spent_today", "usual_day"]
    list_filter = [UnusualFilter, "plan_code"]
    search_fields = ["name", "slug", "uuid", "owner__email"]
    list_select_related = ["owner"]
    fields = ["name", "owner", "plan_code", "available", "held", "amount", "reason"]
    readonly_fields = ["name", "owner", "plan_code", "available", "held"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorkspaceCredits]:
        unusual = unusual_spending()
        buckets = CreditBucket.objects.filter(workspace_id=OuterRef("pk")).order_by().values("workspace_id")

        def total(column: str) -> Coalesce:
            found = buckets.annotate(total=Sum(column)).values("total")
            return Coalesce(Subquery(found, output_field=BigIntegerField()), 0)

        def known(value: str) -> Case:
            whens = [When(pk=day.workspace_id, then=Value(int(getattr(day, value)))) for day in unusual]
            return Case(*whens, default=None, output_field=BigIntegerField())

        return (
            super()
            .get_queryset(request)
            .annotate(available=total("available"), held=total("held"))
            .annotate(spent_today=known("used"), usual=known("median"))
        )

    @admin.display(description="available", ordering="available")
    def available(self, row: Any) -> int:
        return int(row.available)

    @admin.display(description="held", ordering="held")
    def held(self, row: Any) -> int:
        return int(row.held)

    @admin.display(description="spent today, if unusual", ordering=F("spent_today").desc(nulls_last=True))
    def spent_today(self, row: Any) -> int | None:
        return row.spent_today  # type: ignore[no-any-return]

    @admin.display(description="on its usual day")
    def usual_day(self, row: Any) -> int | None:
        return row.usual  # type: ignore[no-any-return]

    def save_model(self, request: HttpRequest, obj: WorkspaceCredits, form: Any, change: bool) -> None:
        staff: Any = request.user
        if form.cleaned_data["amount"]:
            adjust_credits(obj, form.cleaned_data["amount"], reason=form.cleaned_data["reason"], actor=staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordAdmin(ModelAdmin):
    """Rows that nobody edits."""

    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HeldLongFilter(admin.SimpleListFilter):
    title = "held for long"
    parameter_name = "long"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "neither settled nor released")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LedgerTransaction]
    ) -> QuerySet[LedgerTransaction]:
        return queryset.filter(pk__in=held_for_long().values("pk")) if self.value() else queryset


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(RecordAdmin):
    list_display = ["created_at", "workspace_id", "kind", "amount", "change", "balance", "reference", "key"]
    list_filter = ["kind", HeldLongFilter]
    search_fields = ["=key", "=reference", "=workspace_id"]
    search_help_text = "Key, reference or number of the workspace, in full"


@admin.register(LedgerCheck)
class LedgerCheckAdmin(RecordAdmin):
    """Every night all balances are recomputed from the entries; any difference stands here."""

    list_display = ["checked_at", "buckets", "transactions", "faulty"]

    @admin.display(description="faults")
    def faulty(self, check: LedgerCheck) -> int:
        return len(check.faults)
