"""Limits and kill switches as people set them: percent and times, not fractions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.core.menus import Menu
from apps.core.overtaken import SeenForm
from apps.core.words import gettext_lazy
from apps.trading.choices import SwitchScope
from apps.trading.models import Book, RiskLimits


def _amount(label: str, help_text: str = "") -> forms.DecimalField:
    least = Decimal("0.01")
    return forms.DecimalField(
        label=label, help_text=help_text, required=False, min_value=least, max_digits=20, decimal_places=8
    )


class LimitsForm(SeenForm, forms.Form):
    """Every limit of one level. Empty is no limit of this level's own."""

    max_order_notional = _amount(gettext_lazy("Largest order"))
    max_position_notional = _amount(gettext_lazy("Largest position"))
    max_daily_loss = _amount(
        gettext_lazy("Loss in a day"),
        gettext_lazy("From it on nothing new is opened until the next day (UTC)."),
    )
    max_drawdown = forms.DecimalField(
        label=gettext_lazy("Drawdown"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        decimal_places=2,
        help_text=gettext_lazy("Below the highest equity so far; from it on nothing new is opened."),
    )
    max_leverage = forms.DecimalField(
        label=gettext_lazy("Leverage"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(1000),
        decimal_places=2,
        help_text=gettext_lazy("All positions together, as a multiple of equity."),
    )
    price_collar_bps = forms.IntegerField(
        label=gettext_lazy("Price collar"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=gettext_lazy("How far an order's price may be from the last one."),
    )
    orders_per_minute = forms.IntegerField(
        label=gettext_lazy("Orders a minute"), required=False, min_value=0, max_value=100_000
    )
    symbols = forms.CharField(
        label=gettext_lazy("Symbols"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Separated by spaces; empty: all."),
    )

    def __init__(self, *args: Any, limits: RiskLimits | None, **kwargs: Any) -> None:
        super().__init__(*args, initial=_initial(limits), **kwargs)

    def values(self) -> dict[str, Any]:
        """As `set_limits` takes them."""
        found = {name: self.cleaned_data[name] for name in self.fields if name != "seen"}
        if found["max_drawdown"] is not None:
            found["max_drawdown"] /= 100
        found["symbols"] = found["symbols"].replace(",", " ").split()
        return found


def _initial(limits: RiskLimits | None) -> dict[str, Any]:
    if limits is None:
        return {}
    names = [name for name in LimitsForm.base_fields if name not in ("symbols", "max_drawdown")]
    found = {name: _plain(getattr(limits, name)) for name in names}
    drawdown = limits.max_drawdown
    found["max_drawdown"] = None if drawdown is None else _plain(drawdown * 100)
    found["symbols"] = " ".join(limits.symbols)
    return found


def _plain(value: Any) -> Any:
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


class SwitchForm(forms.Form):
    """Throwing a switch. The platform's is staff's alone."""

    SCOPES = [
        (SwitchScope.WORKSPACE, gettext_lazy("The whole workspace")),
        (SwitchScope.BOOK, gettext_lazy("One bot")),
        (SwitchScope.SYMBOL, gettext_lazy("A symbol")),
        (SwitchScope.EXCHANGE, gettext_lazy("An exchange")),
    ]
    scope = forms.ChoiceField(
        choices=SCOPES,
        label=gettext_lazy("What stops"),
        initial=SwitchScope.WORKSPACE,
        widget=forms.RadioSelect,
    )
    book = Menu(
        Book.objects.none(),
        required=False,
        to_field_name="uuid",
        label=gettext_lazy("Bot"),
        empty_label=gettext_lazy("Choose a bot"),
    )
    value = forms.CharField(required=False, max_length=60, label=gettext_lazy("Symbol or exchange"))
    reason = forms.CharField(
        max_length=300,
        label=gettext_lazy("Why"),
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("For the others, and for the journal")}),
    )

    def __init__(self, *args: Any, books: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["book"].queryset = books  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        scope = cleaned.get("scope")
        if scope == SwitchScope.BOOK and not cleaned.get("book") and "book" not in self.errors:
            self.add_error("book", gettext("Choose the bot that stops."))
        if scope in (SwitchScope.SYMBOL, SwitchScope.EXCHANGE) and not cleaned.get("value", "").strip():
            self.add_error("value", gettext("Say which symbol or exchange."))
        if scope == SwitchScope.SYMBOL:
            cleaned["value"] = cleaned.get("value", "").strip().upper()
        return cleaned
