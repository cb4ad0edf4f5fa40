from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.validators import MinValueValidator

from apps.core.words import gettext_lazy
from apps.markets.choices import AssetClass
from apps.markets.errors import UploadTooLarge
from apps.markets.models import Instrument
from apps.markets.rules import SYMBOL_PATTERN, check_upload_size


def _zones() -> list[tuple[str, str]]:
    return [("UTC", "UTC"), *((zone, zone) for zone in sorted(available_timezones()) if zone != "UTC")]


class ImportForm(forms.Form):
    """A file of bars and what it is of."""

    file = forms.FileField(
        label=gettext_lazy("CSV or Parquet file"),
        help_text=gettext_lazy(
            "Columns: time or date, open, high, low, close, volume. Separator and time format are found out."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.parquet"}),
    )
    symbol = forms.RegexField(
        SYMBOL_PATTERN,
        label=gettext_lazy("Symbol"),
        max_length=40,
        help_text=gettext_lazy("For example BTCUSDT."),
        error_messages={
            "invalid": gettext_lazy("Letters, digits and . _ : / - ^ = only, for example BTCUSDT or EUR/USD.")
        },
    )
    venue = forms.CharField(max_length=40, required=False, label=gettext_lazy("Exchange or source"))
    asset_class = forms.ChoiceField(
        label=gettext_lazy("Asset class"), choices=AssetClass.choices, initial=AssetClass.OTHER
    )
    timeframe = forms.CharField(
        label=gettext_lazy("Timeframe"),
        max_length=10,
        required=False,
        help_text=gettext_lazy("Left empty: the commonest spacing. Otherwise 1m, 1h, 1d …"),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=_zones,
        initial="UTC",
        help_text=gettext_lazy("Of times in the file that name none."),
    )

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        try:
            check_upload_size(file.size)
        except UploadTooLarge as error:
            raise forms.ValidationError(error.message) from None
        return file


class InstrumentForm(forms.ModelForm):  # type: ignore[type-arg]
    """What the exchange says of an instrument: fills of backtests are rounded to its steps."""

    class Meta:
        model = Instrument
        fields = ["name", "asset_class", "currency", "tick_size", "lot_size", "min_size", "min_notional"]
        labels = {
            "name": gettext_lazy("Name"),
            "asset_class": gettext_lazy("Asset class"),
            "currency": gettext_lazy("Currency"),
            "tick_size": gettext_lazy("Tick: smallest step of the price"),
            "lot_size": gettext_lazy("Lot: smallest step of a size"),
            "min_size": gettext_lazy("Smallest size, in units"),
            "min_notional": gettext_lazy("Smallest value of an order"),
        }
        help_texts = {
            "tick_size": gettext_lazy("0 for none. Fills are rounded to it against the trader."),
            "lot_size": gettext_lazy("0 for none. Sizes are cut down to it."),
            "min_size": gettext_lazy("0 for none. A smaller order is dropped and counted."),
            "min_notional": gettext_lazy("0 for none. In the instrument's currency."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("tick_size", "lot_size", "min_size", "min_notional"):
            self.fields[name].min_value = 0  # type: ignore[attr-defined]
            self.fields[name].validators.append(MinValueValidator(0))
            value = self.initial.get(name)
            if value is not None:
                self.initial[name] = f"{value.normalize():f}"
