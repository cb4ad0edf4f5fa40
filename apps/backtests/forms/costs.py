"""What every form that asks for research has in common: dates, cash and costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.backtests.choices import Fill
from apps.core.words import gettext_lazy

COST_FIELDS = ("start", "end", "cash", "fee", "slippage_bps", "fill", "borrow", "funding", "use_finer")


def costs_asked(start: date | None, end: date | None, asked: dict[str, Any]) -> dict[str, Any]:
    """What was asked for before, from its dates and its stored parameters, as the fields here show it."""
    return {
        "start": start,
        "end": end,
        "cash": f"{asked['cash']:.12g}",
        "fee": f"{100 * asked['fee']:.12g}",
        "slippage_bps": f"{asked['slippage_bps']:.12g}",
        "fill": asked["fill"],
        "borrow": f"{100 * asked['borrow_per_day']:.12g}",
        "funding": f"{100 * asked.get('funding_per_day', 0.0):.12g}",
    }


class CostsForm(forms.Form):
    """Dates and costs, in the units people write them in."""

    start = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("From")
    )
    end = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label=gettext_lazy("To")
    )
    cash = forms.DecimalField(
        initial=Decimal(10_000),
        min_value=Decimal("0.01"),
        max_value=Decimal(10) ** 12,
        label=gettext_lazy("Starting cash"),
    )
    fee = forms.DecimalField(
        initial=Decimal("0.1"),
        min_value=0,
        max_value=50,
        label=gettext_lazy("Fee, % of each fill"),
        decimal_places=4,
    )
    slippage_bps = forms.DecimalField(
        initial=Decimal(2),
        min_value=0,
        max_value=1000,
        label=gettext_lazy("Slippage, basis points"),
        decimal_places=2,
    )
    fill = forms.ChoiceField(choices=Fill.choices, label=gettext_lazy("Orders fill at"))
    borrow = forms.DecimalField(
        initial=Decimal(0),
        min_value=0,
        max_value=10,
        decimal_places=4,
        required=False,
        label=gettext_lazy("Borrowing for shorts, % a day"),
    )
    funding = forms.DecimalField(
        initial=Decimal(0),
        min_value=-10,
        max_value=10,
        decimal_places=4,
        required=False,
        label=gettext_lazy("Funding, % a day"),
        help_text=gettext_lazy("Longs pay it, shorts receive it."),
    )
    use_finer = forms.BooleanField(
        required=False,
        initial=True,
        label=gettext_lazy("Let finer bars decide where stop and target lie in one bar"),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        start, end = values.get("start"), values.get("end")
        if start and end and start > end:
            self.add_error("end", gettext("This lies before the start."))
        return values

    def costs(self) -> dict[str, Any]:
        """The valid values as the requests take them: rates as fractions."""
        values = self.cleaned_data
        return {
            "cash": float(values["cash"]),
            "fee": float(values["fee"] / 100),
            "slippage_bps": None if values["slippage_bps"] is None else float(values["slippage_bps"]),
            "fill": values["fill"],
            "borrow_per_day": float((values["borrow"] or 0) / 100),
            "funding_per_day": float((values["funding"] or 0) / 100),
            "use_finer": values["use_finer"],
            "start": values["start"],
            "end": values["end"],
        }

    @property
    def cost_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in COST_FIELDS]
