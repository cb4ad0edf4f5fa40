"""Which part of the portfolio is shown. All in the address; what makes no sense is as good as not given."""

from __future__ import annotations

from django import forms

from apps.core.words import gettext_lazy
from apps.trading.choices import AccountKind, LotMethod
from apps.trading.selectors import Chosen


class PortfolioForm(forms.Form):
    currency = forms.CharField(required=False, max_length=10)
    book = forms.UUIDField(required=False)
    account = forms.UUIDField(required=False)
    kind = forms.ChoiceField(
        required=False, choices=[("", gettext_lazy("Paper and live")), *AccountKind.choices]
    )

    def chosen(self, currencies: list[str]) -> Chosen:
        """Of the currencies there are the one asked for, else the most used."""
        self.is_valid()
        values = self.cleaned_data
        asked = values.get("currency", "").upper()
        currency = asked if asked in currencies else (currencies[0] if currencies else "USD")
        return Chosen(currency, values.get("book"), values.get("account"), values.get("kind", ""))


class LotsForm(PortfolioForm):
    method = forms.ChoiceField(required=False, choices=LotMethod.choices, label=gettext_lazy("Method"))
    year = forms.IntegerField(required=False, min_value=1990, max_value=2200, label=gettext_lazy("Year"))

    def method_and_year(self) -> tuple[str, int | None]:
        self.is_valid()
        return self.cleaned_data.get("method") or LotMethod.FIFO, self.cleaned_data.get("year")
