"""Amounts as staff type them: in whole units of their currency (19.99), kept in minor units (1999)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from apps.billing.rules.money import decimals, major, step
from apps.core.words import gettext_lazy


def amount_field(*, required: bool = True, label: str = "", help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label or gettext_lazy("Amount"),
        min_value=0,
        required=required,
        help_text=help_text or gettext_lazy("In whole units of the currency, for example 29.00."),
        widget=UnfoldAdminDecimalFieldWidget,
    )


def minor_units(amount: Decimal, currency: str) -> int:
    """The typed amount in minor units. Raises ValidationError where it has more decimals than can be paid."""
    minor, smallest = amount * 10 ** decimals(currency), step(currency)
    if minor % smallest:
        places = decimals(currency) - len(str(smallest)) + 1
        raise forms.ValidationError(gettext("At most {places} decimals.").format(places=places))
    return int(minor)


class AmountsForm(forms.ModelForm):
    """Its `amounts` are declared by `amount_field`; cleaned, they are integers of minor units. Nothing is rounded."""

    amounts: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.amounts:
            kept = getattr(self.instance, name)
            if kept is not None and self.instance.currency:
                self.initial[name] = major(kept, self.instance.currency)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        currency = cleaned.get("currency") or ""
        for name in self.amounts:
            if cleaned.get(name) is None:
                continue
            amount = cleaned.pop(name)
            if not currency:
                if not self.has_error("currency"):
                    self.add_error("currency", gettext("Say in which currency the amount is."))
                continue
            try:
                cleaned[name] = minor_units(amount, currency)
            except forms.ValidationError as error:
                self.add_error(name, error)
        return cleaned


class CouponForm(AmountsForm):
    amounts = ("amount_off",)
    amount_off = amount_field(required=False, label=gettext_lazy("Amount off"))

    def clean(self) -> dict[str, Any]:
        """What the table would refuse by the names of its rules is said in words, at the field."""
        cleaned = super().clean()
        if "code" in cleaned and not re.fullmatch("[A-Z0-9_-]{3,40}", cleaned["code"]):
            self.add_error("code", gettext("As people type it; capital letters and digits."))
        percent, amount = cleaned.get("percent_off"), cleaned.get("amount_off")
        is_asked = (
            "percent_off" in cleaned and not self.has_error("currency") and not self.has_error("amount_off")
        )
        is_one = (percent is None) != (amount is None)
        if is_asked and not (is_one and (amount or (1 <= (percent or 0) <= 100 and not cleaned["currency"]))):
            self.add_error(
                "percent_off", gettext("Either percent, from 1 to 100, or an amount with its currency.")
            )
        if "months" in cleaned and (cleaned.get("duration") == "repeating") != bool(cleaned["months"]):
            self.add_error("months", gettext("For some months: how many."))
        return cleaned
