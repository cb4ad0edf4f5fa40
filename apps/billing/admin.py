from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from apps.billing.models import MeterUsage, Plan, PlanLimit


class PlanLimitInline(TabularInline):
    model = PlanLimit
    extra = 0


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    list_display = ["name", "code", "rank", "capabilities"]
    search_fields = ["name", "code"]
    inlines = [PlanLimitInline]


@admin.register(MeterUsage)
class MeterUsageAdmin(ModelAdmin):
    list_display = ["workspace", "meter", "period_start", "used", "reserved"]
    list_filter = ["meter"]
    search_fields = ["workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]
    readonly_fields = ["workspace", "meter", "period_start", "used", "reserved"]
    show_full_result_count = False
