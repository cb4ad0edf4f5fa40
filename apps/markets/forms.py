from __future__ import annotations

from zoneinfo import available_timezones

from django import forms

from apps.markets.choices import AssetClass
from apps.markets.errors import UploadTooLarge
from apps.markets.rules import SYMBOL_PATTERN, check_upload_size


def _zones() -> list[tuple[str, str]]:
    return [("UTC", "UTC"), *((zone, zone) for zone in sorted(available_timezones()) if zone != "UTC")]


class ImportForm(forms.Form):
    """A file of bars and what it is of."""

    file = forms.FileField(
        label="CSV or Parquet file",
        help_text="Columns: time or date, open, high, low, close, volume. Separator and time format are found out.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.parquet"}),
    )
    symbol = forms.RegexField(
        SYMBOL_PATTERN,
        max_length=40,
        help_text="For example BTCUSDT.",
        error_messages={"invalid": "Letters, digits and . _ : / - ^ = only, for example BTCUSDT or EUR/USD."},
    )
    venue = forms.CharField(max_length=40, required=False, label="Exchange or source")
    asset_class = forms.ChoiceField(choices=AssetClass.choices, initial=AssetClass.OTHER)
    timeframe = forms.CharField(
        max_length=10, required=False, help_text="Left empty: the commonest spacing. Otherwise 1m, 1h, 1d …"
    )
    timezone = forms.ChoiceField(
        choices=_zones, initial="UTC", help_text="Of times in the file that name none."
    )

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        try:
            check_upload_size(file.size)
        except UploadTooLarge as error:
            raise forms.ValidationError(error.message) from None
        return file
