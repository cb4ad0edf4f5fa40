"""Admin: payments and their refunds, invoices, what differs between the books, and revenue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.confirm import require_confirmed
from apps.billing.amounts import amount_field, minor_units
from apps.billing.models import (
    Difference,
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    Payment,
    Reconciliation,
    Refund,
    SubscriptionChange,
    TaxRate,
)
from apps.billing.rules.money import money
from apps.billing.selectors.revenue import Revenue, currencies_sold, month_words, revenue_csv, revenue_of
from apps.billing.services.invoices import invoice_pdf
from apps.billing.services.refunds import refund_payment
from apps.core.countries import country_choices
from apps.core.errors import DomainError
from apps.core.staff import ReadOnlyAdmin
from apps.core.streaming import stream_file
from apps.core.words import gettext_lazy


class BookInline(TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RefundInline(BookInline):
    model = Refund
    fields = ["made_at", "sum", "status", "reason", "external_id", "asked_by_id"]
    readonly_fields = ["sum"]

    @admin.display(description=gettext_lazy("amount"))
    def sum(self, row: Refund) -> str:
        return money(row.amount, row.payment.currency)


def _as_money(model: type[Payment | Invoice], name: str) -> Any:
    """A field of minor units, shown as people write amounts."""

    column: Any = model._meta.get_field(name)

    @admin.display(description=column.verbose_name, ordering=name)
    def shown(_admin: Any, row: Any) -> str:
        return money(getattr(row, name), row.currency)

    return shown


class LineInline(BookInline):
    model = InvoiceLine
    fields = ["place", "text", "quantity", "sum", "period_start", "period_end"]
    readonly_fields = ["sum"]

    @admin.display(description=gettext_lazy("amount"))
    def sum(self, row: InvoiceLine) -> str:
        return money(row.amount, row.invoice.currency)


class TaxRateForm(forms.ModelForm):
    country = forms.ChoiceField(label=gettext_lazy("Country"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["country"].choices = country_choices(self.instance.country)  # type: ignore[attr-defined]


class RefundForm(forms.Form):
    """How much goes back, as people write it, and why."""

    amount = amount_field()
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=3,
        max_length=300,
        help_text=gettext_lazy("The workspace reads it; name nobody."),
    )

    def __init__(self, *args: Any, payment: Payment, **options: Any) -> None:
        super().__init__(*args, **options)
        self.currency = payment.currency
        self.fields["amount"].label = gettext("Amount in {currency}").format(currency=payment.currency)
        for field in self.fields.values():
            field.widget.attrs["class"] = "border rounded-default px-3 py-2 w-full bg-transparent"

    def clean_amount(self) -> int:
        return minor_units(self.cleaned_data["amount"], self.currency)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = [
        "made_at",
        "workspace_id",
        "sum",
        "given_back",
        "status",
        "purpose",
        "method",
        "gateway",
        "give_back",
    ]
    list_filter = ["status", "purpose", "gateway", "currency"]
    search_fields = ["=external_id", "=workspace_id", "invoice__number"]
    search_help_text = gettext_lazy(
        "The gateway's id, the number of the workspace, or the number of the invoice"
    )
    ordering = ["-id"]
    exclude = ["amount", "refunded", "fee"]
    readonly_fields = ["sum", "given_back", "shown_fee"]
    shown_fee = _as_money(Payment, "fee")
    inlines = [RefundInline]

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def sum(self, row: Payment) -> str:
        return money(row.amount, row.currency)

    @admin.display(description=gettext_lazy("given back"))
    def given_back(self, row: Payment) -> str | None:
        return money(row.refunded, row.currency) if row.refunded else None

    @admin.display(description=gettext_lazy("refund"))
    def give_back(self, row: Payment) -> str | None:
        if row.status != "succeeded" or row.refunded == row.amount:
            return None
        return format_html(
            '<a class="cw-link" href="{}">{}</a>',
            reverse("admin:billing_payment_refund", args=[row.pk]),
            gettext("Give back"),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.refund)
        return [path("<int:pk>/refund/", view, name="billing_payment_refund"), *super().get_urls()]

    def refund(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask how much and why; a POST asks the gateway. It needs the right to add refunds."""
        if not request.user.has_perm("billing.add_refund"):
            raise PermissionDenied
        require_confirmed(request)
        payment = get_object_or_404(Payment.objects.select_related("checkout"), pk=pk)
        form = RefundForm(request.POST or None, payment=payment)
        back = reverse("admin:billing_payment_changelist")
        if request.method == "POST" and form.is_valid():
            staff: Any = request.user
            try:
                done = refund_payment(
                    payment, form.cleaned_data["amount"], reason=form.cleaned_data["reason"], actor=staff
                )
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                messages.success(
                    request, f"{money(done.amount, payment.currency)}: {done.get_status_display()}."
                )
                return redirect(back)
        left = money(payment.amount - payment.refunded, payment.currency)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Give back of {amount} ({left} left)").format(
                amount=money(payment.amount, payment.currency), left=left
            ),
            "opts": self.opts,
            "form": form,
            "deed": gettext("Give back"),
            "back": back,
        }
        return TemplateResponse(
            request, "admin/accounts/reason.html", context, status=422 if form.errors else 200
        )


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = [
        "number",
        "kind",
        "issued_at",
        "workspace_id",
        "shown_total",
        "status",
        "mailed_at",
        "pdf",
    ]
    list_filter = ["kind", "status", "gateway", "currency"]
    search_fields = ["number", "=workspace_id", "=external_id"]
    ordering = ["-id"]
    exclude = ["subtotal", "discount", "tax", "total"]
    readonly_fields = ["shown_subtotal", "shown_discount", "shown_tax", "shown_total"]
    inlines = [LineInline]
    shown_subtotal = _as_money(Invoice, "subtotal")
    shown_discount = _as_money(Invoice, "discount")
    shown_tax = _as_money(Invoice, "tax")
    shown_total = _as_money(Invoice, "total")

    @admin.display(description=gettext_lazy("PDF"))
    def pdf(self, row: Invoice) -> str | None:
        address = reverse("admin:billing_invoice_pdf", args=[row.pk]) if row.series_id else row.pdf_url
        return format_html('<a class="cw-link" href="{}">PDF</a>', address) if address else None

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.as_pdf)
        return [path("<int:pk>/pdf/", view, name="billing_invoice_pdf"), *super().get_urls()]

    def as_pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        invoice = get_object_or_404(Invoice.objects.exclude(series=None), pk=pk)
        answer = HttpResponse(invoice_pdf(invoice), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{invoice.number}.pdf"'
        return answer


@admin.register(InvoiceSeries)
class InvoiceSeriesAdmin(ReadOnlyAdmin):
    list_display = ["code", "last"]


@admin.register(TaxRate)
class TaxRateAdmin(ModelAdmin):
    form = TaxRateForm
    list_display = ["country", "name", "percent", "is_active"]


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    """On what the books differ, the oldest first."""

    list_display = ["kind", "reference", "gateway", "workspace_id", "ours", "theirs", "age", "closed_at"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter), "kind", "gateway"]
    ordering = ["first_seen", "id"]
    search_fields = ["reference", "=workspace_id"]

    @admin.display(description=gettext_lazy("age"), ordering="first_seen")
    def age(self, row: Difference) -> str:
        return timesince(row.first_seen, row.closed_at)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ["ran_at", "gateway", "compared", "found", "trouble"]
    list_filter = ["gateway"]


@admin.register(SubscriptionChange)
class SubscriptionChangeAdmin(ReadOnlyAdmin):
    list_display = ["at", "workspace_id", "kind", "plan_before", "plan_after", "before", "after"]
    list_filter = ["kind", "currency", "plan_after"]
    search_fields = ["=workspace_id"]
    list_before_template = "admin/billing/to_revenue.html"
    exclude = ["amount_before", "amount_after"]
    readonly_fields = ["before", "after"]

    @admin.display(description=gettext_lazy("before, a month"))
    def before(self, row: SubscriptionChange) -> str:
        return money(row.amount_before, row.currency)

    @admin.display(description=gettext_lazy("after, a month"))
    def after(self, row: SubscriptionChange) -> str:
        return money(row.amount_after, row.currency)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revenue)
        return [path("revenue/", view, name="billing_revenue"), *super().get_urls()]

    def revenue(self, request: HttpRequest) -> HttpResponseBase:
        """MRR, its movements, churn, plans and cohorts of one currency; `?as=csv` is the months as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sold = currencies_sold()
        currency = request.GET.get("currency", "")
        currency = currency if currency in sold else (sold[0] if sold else "USD")
        found = revenue_of(currency, now=timezone.now())
        if request.GET.get("as") == "csv":
            return stream_file(
                request, revenue_csv(found), name=f"revenue-{currency}.csv", content_type="text/csv"
            )
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Revenue in {currency}").format(currency=currency),
            "opts": self.opts,
            "currency": currency,
            "spans": [{"title": one, "link": f"?currency={one}", "active": one == currency} for one in sold],
            "figures": [
                ("MRR", money(found.mrr, currency)),
                (gettext("Customers"), f"{found.customers:,}"),
                ("A customer, on average", money(found.arpa, currency)),
                (gettext("Of it overdue"), money(found.overdue, currency)),
            ],
            **revenue_tables(found),
        }
        return TemplateResponse(request, "admin/billing/revenue.html", context)


def revenue_tables(found: Revenue) -> dict[str, Any]:
    """As the admin's table component takes them."""

    def sum_(amount: int) -> str:
        return money(amount, found.currency, code=False) if amount else "–"

    def share(part: float | None) -> str:
        return "–" if part is None else f"{part:.1%}"

    longest = max((len(one.stayed) for one in found.cohorts), default=0)
    return {
        "plans": {
            "headers": [gettext("Plan"), gettext("Customers"), f"MRR {found.currency}", gettext("Share")],
            "rows": [
                [
                    one.plan,
                    f"{one.customers:,}",
                    sum_(one.mrr),
                    share(one.mrr / found.mrr if found.mrr else None),
                ]
                for one in found.plans
            ],
        },
        "months": {
            "headers": [
                *(
                    gettext("Month"),
                    gettext("Start"),
                    gettext("New"),
                    gettext("Came back"),
                    gettext("Larger"),
                ),
                *(gettext("Smaller"), gettext("Lost"), gettext("End"), gettext("Customers at start")),
                *(gettext("Churn"), gettext("Revenue churn")),
            ],
            "rows": [
                [
                    month_words(one.month),
                    sum_(one.start),
                    *(
                        sum_(one.moved[kind])
                        for kind in ("new", "return", "expansion", "contraction", "churn")
                    ),
                    sum_(one.end),
                    f"{one.customers:,}",
                    share(one.churn),
                    share(one.revenue_churn),
                ]
                for one in reversed(found.months)
            ],
        },
        "cohorts": {
            "headers": [gettext("First paid"), gettext("Workspaces"), *(f"+{n}" for n in range(longest))],
            "rows": [
                [month_words(one.month), f"{one.size:,}", *(f"{part:.0%}" for part in one.shares)]
                + [""] * (longest - len(one.stayed))
                for one in found.cohorts
            ],
        },
    }
