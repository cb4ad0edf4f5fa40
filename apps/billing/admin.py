from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.billing.models import MeterUsage, Plan, PlanLimit, WorkspacePlan
from apps.billing.services import change_plan


class PlanLimitInline(TabularInline):
    model = PlanLimit
    extra = 0


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    list_display = ["name", "code", "rank", "requires_mfa", "capabilities"]
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
