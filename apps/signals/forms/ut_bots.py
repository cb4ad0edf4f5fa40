"""The form of a UT Bot."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from apps.accounts.models import Workspace
from apps.core.errors import DomainError
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.signals.choices import SourceKind
from apps.signals.models import AlertSource, UtBot
from apps.signals.selectors import sources_of
from apps.signals.services.ut_bots import FIELDS, check_ut_bot


class UtBotForm(forms.Form):
    """Of a new UT Bot or one that is edited."""

    name = forms.CharField(max_length=80, label=gettext_lazy("Name"))
    source = Menu(
        AlertSource.objects.none(),
        to_field_name="uuid",
        label=gettext_lazy("Source"),
        empty_label=None,
        help_text=gettext_lazy("Whose address the alert is sent to."),
    )
    symbols = forms.CharField(
        max_length=3000,
        label=gettext_lazy("Symbols"),
        help_text=gettext_lazy(
            "Exchange and ticker as on TradingView: BINANCE:BTCUSDT. With several, at most 40, one script and one"
            " alert watch them all."
        ),
        widget=forms.Textarea(
            attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "characters", "class": "font-mono"}
        ),
    )
    timeframe = forms.CharField(
        max_length=10, label=gettext_lazy("Timeframe"), initial="1h", help_text="15m, 1h, 4h, 1D, 1W …"
    )
    ema_period = forms.IntegerField(
        label=gettext_lazy("EMA period"),
        initial=1,
        help_text=gettext_lazy("1 to 200. 1 is the original: the close itself."),
    )
    atr_period = forms.IntegerField(
        label=gettext_lazy("ATR period"), initial=10, help_text=gettext_lazy("1 to 200.")
    )
    multiplier = forms.DecimalField(
        label=gettext_lazy("Multiplier"),
        initial=Decimal("1"),
        help_text=gettext_lazy("0.1 to 50. The “key value”: how many ATRs the line stays away."),
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )

    def __init__(self, *args: Any, workspace: Workspace, bot: UtBot | None = None, **kwargs: Any) -> None:
        self.workspace = workspace
        if bot is not None:
            kwargs["initial"] = {name: getattr(bot, name) for name in FIELDS} | {
                "source": bot.source.uuid,
                "symbols": " ".join(bot.symbols),
                "multiplier": bot.multiplier.normalize(),
            }
        super().__init__(*args, **kwargs)
        self.fields["source"].queryset = sources_of(workspace).filter(kind=SourceKind.TRADINGVIEW)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in list(values):  # each by itself, so that every wrong field says so at once
            try:
                values.update(check_ut_bot({name: values[name]}, self.workspace))
            except DomainError as error:
                self.add_error(error.field if error.field in self.fields else None, error.message)
        return values
