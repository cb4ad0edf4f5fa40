"""What people fill in to buy, to change and to cancel, and how they search their papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.billing.choices import InvoiceStatus, PaymentStatus
from apps.billing.gateways.base import Gateway
from apps.billing.models import BillingProfile, CreditPack, PlanPrice
from apps.billing.selectors.purchases import PaperFilter
from apps.billing.services.profiles import FIELDS
from apps.core.countries import country_choices
from apps.core.overtaken import SeenForm
from apps.core.words import gettext_lazy


class WayForm(forms.Form):
    """With which gateway, where there are several."""

    gateway = forms.ChoiceField(label=gettext_lazy("Pay with"))

    def __init__(self, *args: Any, ways: Sequence[Gateway], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["gateway"]
        field.choices = [(one.code, one.name) for one in ways]  # type: ignore[attr-defined]
        field.initial = ways[0].code if ways else ""
        if len(ways) == 1:
            field.widget = forms.HiddenInput()


class PlanForm(WayForm):
    """Which price, how many seats, and a coupon. A change of a subscription asks for no gateway and no coupon."""

    price = forms.ModelChoiceField(
        PlanPrice.objects.none(),
        to_field_name="uuid",
        error_messages={
            "required": gettext_lazy("Choose a plan."),
            "invalid_choice": gettext_lazy("This price is not sold any more. Choose another."),
        },
    )
    seats = forms.IntegerField(
        label=gettext_lazy("Seats"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=gettext_lazy("Empty: those that the plan includes."),
    )
    coupon = forms.CharField(label=gettext_lazy("Coupon"), required=False, max_length=40)

    def __init__(self, *args: Any, prices: Any, is_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"].queryset = prices  # type: ignore[attr-defined]
        if is_change:
            del self.fields["gateway"], self.fields["coupon"]


class PackForm(WayForm):
    """Which pack of credits."""

    pack = forms.ModelChoiceField(
        CreditPack.objects.none(),
        to_field_name="uuid",
        error_messages={
            "required": gettext_lazy("Choose how many."),
            "invalid_choice": gettext_lazy("This pack is not sold any more."),
        },
    )

    def __init__(self, *args: Any, packs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pack"].queryset = packs  # type: ignore[attr-defined]


class CancelForm(forms.Form):
    reason = forms.CharField(
        required=False,
        max_length=300,
        label=gettext_lazy("What made you decide so?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Read by people who can change it."),
    )


class ProfileForm(SeenForm, forms.ModelForm):
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )

    class Meta:
        model = BillingProfile
        fields = list(FIELDS)
        labels = {
            "name": gettext_lazy("Company or person"),
            "email": gettext_lazy("E-mail"),
            "line1": gettext_lazy("Street and number"),
            "line2": gettext_lazy("Further line"),
            "postal_code": gettext_lazy("Postal code"),
            "city": gettext_lazy("City"),
            "state": gettext_lazy("State or province"),
            "tax_id": gettext_lazy("Tax number"),
        }
        help_texts = {
            "name": "",
            "email": gettext_lazy("Where invoices go. Empty: to the owner of the workspace."),
            "tax_id": gettext_lazy("VAT, NPWP or the like. It is printed on invoices."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = country_choices(self.instance.country)  # type: ignore[attr-defined]


class PapersForm(forms.Form):
    """Filters of payments and invoices; days are in UTC."""

    q = forms.CharField(required=False, max_length=100)
    status = forms.ChoiceField(required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)

    def __init__(self, *args: Any, statuses: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [("", gettext("Any state")), *statuses]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The last day lies before the first."))
        return cleaned

    def chosen(self) -> PaperFilter:
        """The filter; what is wrong is left out, and the form tells it."""
        self.is_valid()
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        return PaperFilter(
            text=values.get("q", "").replace("\x00", ""),
            status=values.get("status", ""),
            since=datetime.combine(since, time.min, UTC) if since else None,
            until=datetime.combine(until, time.min, UTC) + timedelta(days=1) if until else None,
        )


PAYMENT_STATUSES = [*PaymentStatus.choices, ("refunded", gettext_lazy("Refunded"))]
INVOICE_STATUSES = list(InvoiceStatus.choices)
