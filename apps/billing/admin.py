from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BigIntegerField, Case, Count, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.text import format_lazy
from django.utils.translation import gettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

import apps.billing.admin_mirror
import apps.billing.admin_money  # noqa: F401
from apps.accounts.models import Workspace
from apps.billing.amounts import AmountsForm, CouponForm, amount_field
from apps.billing.forms import AdjustmentForm, PlanForm
from apps.billing.models import (
    Coupon,
    CreditBucket,
    CreditPack,
    LedgerCheck,
    LedgerTransaction,
    MeterUsage,
    Plan,
    PlanLimit,
    PlanPrice,
    WorkspaceCredits,
    WorkspacePlan,
)
from apps.billing.rules.money import money
from apps.billing.selectors.anomalies import FACTOR, held_for_long, unusual_spending
from apps.billing.services import change_plan
from apps.billing.services.credits import adjust_credits
from apps.billing.services.revising import NewLimit, NewPrice, revise_plan
from apps.core.staff import ReadOnlyAdmin, figure_of
from apps.core.words import gettext_lazy


class PlanLimitInline(TabularInline):
    model = PlanLimit
    extra = 1


class PlanPriceForm(AmountsForm):
    amounts = ("amount", "seat_amount")
    amount = amount_field()
    seat_amount = amount_field(
        required=False, label=gettext_lazy("Seat amount"), help_text=gettext_lazy("Empty: no further seats.")
    )


class PlanPriceInline(TabularInline):
    """Amounts are typed in the version that is sold; an older one shows them."""

    model = PlanPrice
    form = PlanPriceForm
    extra = 1
    readonly_fields = ["price", "seat_price"]

    def get_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        amounts = ["amount", "seat_amount"] if obj is None or obj.is_current else ["price", "seat_price"]
        return ["currency", "interval", *amounts]

    @admin.display(description=gettext_lazy("amount"))
    def price(self, row: PlanPrice) -> str:
        return money(row.amount, row.currency)

    @admin.display(description=gettext_lazy("seat amount"))
    def seat_price(self, row: PlanPrice) -> str:
        return "–" if row.seat_amount is None else money(row.seat_amount, row.currency)


@admin.register(Plan)
class PlanAdmin(ModelAdmin):
    """Saving makes a new version by the service; older ones are only looked at."""

    form = PlanForm
    records_itself = True
    list_display = [
        "name",
        "code",
        "version",
        "is_current",
        "is_offered",
        "rank",
        "monthly_credits",
        "holders",
    ]
    list_filter = ["is_current", "code"]
    search_fields = ["name", "code"]
    inlines = [PlanLimitInline, PlanPriceInline]
    ordering = ["rank", "code", "-version"]

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        return ["code"] if obj else []

    @admin.display(description=gettext_lazy("workspaces that keep it"))
    def holders(self, plan: Plan) -> str:
        return figure_of(plan.holders)  # type: ignore[attr-defined]  # annotated below

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        keeping = Workspace.objects.filter(plan_code=OuterRef("code"), plan_version=OuterRef("version"))
        count = keeping.order_by().values("plan_code").annotate(n=Count("pk")).values("n")
        return super().get_queryset(request).annotate(holders=Coalesce(Subquery(count), 0))

    def save_model(self, request: HttpRequest, obj: Plan, form: Any, change: bool) -> None:
        """Nothing yet: limits and prices belong to the version as well."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        staff: Any = request.user
        rows = [
            [one.cleaned_data for one in formset if one.cleaned_data and not one.cleaned_data.get("DELETE")]
            for formset in formsets
        ]
        made = revise_plan(
            form.instance.code,
            values=form.cleaned_data,
            limits={row["meter"]: NewLimit(row["amount"], row["period"]) for row in rows[0]},
            prices=[
                NewPrice(row["currency"], row["interval"], row["amount"], row["seat_amount"])
                for row in rows[1]
            ],
            actor=staff,
        )
        form.instance.pk, form.instance.version = made.pk, made.version

    def has_change_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        return (obj is None or obj.is_current) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MeterUsage)
class MeterUsageAdmin(ReadOnlyAdmin):
    list_display = ["workspace", "meter", "period_start", "used", "reserved"]
    list_filter = ["meter"]
    search_fields = ["workspace__name", "workspace__owner__email"]
    list_select_related = ["workspace"]


class WorkspacePlanForm(forms.ModelForm):
    plan_code = forms.ChoiceField(
        label=gettext_lazy("Plan"),
        choices=lambda: Plan.objects.filter(is_current=True).values_list("code", "name"),
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = WorkspacePlan
        fields = ["plan_code"]


@admin.register(Coupon)
class CouponAdmin(ModelAdmin):
    """What a coupon takes off stands once somebody used it: gateways do not change theirs either."""

    list_display = [
        "code",
        "percent_off",
        "off",
        "duration",
        "uses",
        "most_uses",
        "ends_at",
        "is_active",
    ]
    list_filter = ["is_active", "duration"]
    search_fields = ["code"]
    form = CouponForm

    def get_fields(self, request: HttpRequest, obj: Coupon | None = None) -> list[str]:
        off = ["off"] if obj and obj.uses else ["amount_off", "currency"]
        kept = ["duration", "months", "plan_codes", "most_uses", "ends_at", "is_active"]
        return ["code", "percent_off", *off, *kept]

    def get_readonly_fields(self, request: HttpRequest, obj: Coupon | None = None) -> list[str]:
        return ["code", "percent_off", "off", "duration", "months"] if obj and obj.uses else []

    @admin.display(description=gettext_lazy("amount off"), ordering="amount_off")
    def off(self, coupon: Coupon) -> str:
        return "–" if coupon.amount_off is None else money(coupon.amount_off, coupon.currency)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CreditPackForm(AmountsForm):
    amounts = ("amount",)
    amount = amount_field()


@admin.register(CreditPack)
class CreditPackAdmin(ModelAdmin):
    """What is sold stays as it was bought: another amount is another pack, and this one is switched off."""

    list_display = ["code", "credits", "price", "is_active"]
    list_filter = ["currency", "is_active"]
    form = CreditPackForm

    def get_fields(self, request: HttpRequest, obj: CreditPack | None = None) -> list[str]:
        price = ["price"] if obj else ["currency", "amount"]
        return ["code", "credits", *price, "is_active"]

    def get_readonly_fields(self, request: HttpRequest, obj: CreditPack | None = None) -> list[str]:
        return ["code", "credits", "price"] if obj else []

    @admin.display(description=gettext_lazy("price"), ordering="amount")
    def price(self, pack: CreditPack) -> str:
        return money(pack.amount, pack.currency)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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
    title = format_lazy(
        gettext_lazy("spending of today (more than {factor} times the usual day)"), factor=FACTOR
    )
    parameter_name = "unusual"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("unusual"))]

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

    @admin.display(description=gettext_lazy("available"), ordering="available")
    def available(self, row: Any) -> str:
        return figure_of(int(row.available))

    @admin.display(description=gettext_lazy("held"), ordering="held")
    def held(self, row: Any) -> str:
        return figure_of(int(row.held))

    @admin.display(
        description=gettext_lazy("spent today, if unusual"), ordering=F("spent_today").desc(nulls_last=True)
    )
    def spent_today(self, row: Any) -> str:
        return figure_of(row.spent_today)

    @admin.display(description=gettext_lazy("on its usual day"))
    def usual_day(self, row: Any) -> str:
        return figure_of(None if row.usual is None else round(row.usual))

    def save_model(self, request: HttpRequest, obj: WorkspaceCredits, form: Any, change: bool) -> None:
        staff: Any = request.user
        if form.cleaned_data["amount"]:
            adjust_credits(obj, form.cleaned_data["amount"], reason=form.cleaned_data["reason"], actor=staff)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class HeldLongFilter(admin.SimpleListFilter):
    title = gettext_lazy("held for long")
    parameter_name = "long"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("neither settled nor released"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[LedgerTransaction]
    ) -> QuerySet[LedgerTransaction]:
        return queryset.filter(pk__in=held_for_long().values("pk")) if self.value() else queryset


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "workspace_id", "kind", "amount", "change", "balance", "reference", "key"]
    list_filter = ["kind", HeldLongFilter]
    search_fields = ["=key", "=reference", "=workspace_id"]
    search_help_text = gettext_lazy("Key, reference or number of the workspace, in full")


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyAdmin):
    """Every night all balances are recomputed from the entries; any difference stands here."""

    list_display = ["checked_at", "buckets", "transactions", "faulty"]

    @admin.display(description=gettext_lazy("faults"))
    def faulty(self, check: LedgerCheck) -> int:
        return len(check.faults)
