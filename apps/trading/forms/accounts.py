"""Keys of an exchange as people type them. They are never shown again, not even to who typed them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.trading.brokers.exchanges import EXCHANGES

SECRET = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class KeysForm(forms.Form):
    api_key = forms.CharField(
        label=gettext_lazy("API key"), max_length=200, widget=forms.TextInput(attrs=SECRET)
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        max_length=4000,
        widget=forms.PasswordInput(attrs=SECRET),
        help_text=gettext_lazy("Kept encrypted, opened only where orders are sent, shown to nobody."),
    )
    password = forms.CharField(
        label=gettext_lazy("Passphrase"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs=SECRET),
        help_text=gettext_lazy("Only where the exchange gave one (OKX)."),
    )

    def __init__(self, *args: Any, exchange: str = "", **options: Any) -> None:
        super().__init__(*args, **options)
        if exchange and not EXCHANGES[exchange].needs_password:
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        exchange = EXCHANGES.get(values.get("exchange", ""))
        if exchange is not None and exchange.needs_password and not values.get("password"):
            self.add_error(
                "password", gettext("{label} gives a passphrase with its keys.").format(label=exchange.label)
            )
        return values

    def keys(self) -> dict[str, str]:
        """The three values as the services take them."""
        return {name: self.cleaned_data.get(name, "") for name in ("api_key", "secret", "password")}


class ConnectForm(KeysForm):
    exchange = forms.ChoiceField(
        label=gettext_lazy("Exchange"), choices=[(one.name, one.label) for one in EXCHANGES.values()]
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("How you tell it apart, for example “Binance, bots”."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Account currency"),
        max_length=10,
        initial="USDT",
        help_text=gettext_lazy("What its books are kept in: the currency that bots buy with."),
    )
    is_testnet = forms.BooleanField(label=gettext_lazy("A test network: play money"), required=False)
    freeze_on_foreign = forms.BooleanField(
        label=gettext_lazy("Freeze by itself when an order appears that is not ours"), required=False
    )
    field_order = [
        "exchange",
        "name",
        "api_key",
        "secret",
        "password",
        "currency",
        "is_testnet",
        "freeze_on_foreign",
    ]

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not currency.isalnum():
            raise forms.ValidationError(gettext("A currency is letters and digits, for example USDT."))
        return currency


class FreezeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Why (optional)")}),
    )
