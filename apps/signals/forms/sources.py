"""What people type about sources and their deliveries."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.signals.choices import OFFERED, SourceKind

KIND_WORDS = {
    SourceKind.TRADINGVIEW: gettext_lazy("TradingView, or anything else that can post to an address"),
    SourceKind.REST: gettext_lazy("A program of yours: the secret in a header, up to 100 alerts at once"),
    SourceKind.EMAIL: gettext_lazy("E-mail: for senders that can do nothing else"),
}


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=80,
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("What sends these alerts, for example “EMA cross on BTC”."),
    )


class SourceForm(NameForm):
    """A new source; by e-mail where the installation takes mail."""

    kind = forms.ChoiceField(
        label=gettext_lazy("How its alerts come"),
        initial=SourceKind.TRADINGVIEW,
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in OFFERED if kind != SourceKind.EMAIL or settings.ALERT_MAIL_DOMAIN]
        self.fields["kind"].choices = [(kind.value, KIND_WORDS[kind]) for kind in kinds]  # type: ignore[attr-defined]

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or SourceKind.TRADINGVIEW


class RotateForm(forms.Form):
    """How long the address or key in use goes on working beside the new one."""

    OVERLAPS = [
        ("0", gettext_lazy("Stop it at once")),
        ("1", gettext_lazy("1 hour")),
        ("24", gettext_lazy("24 hours")),
        ("168", gettext_lazy("7 days")),
    ]

    overlap_hours = forms.ChoiceField(
        choices=OVERLAPS, initial="24", label=gettext_lazy("Keep the present one for")
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_hours"]))


class NetworksForm(forms.Form):
    networks = forms.CharField(
        required=False,
        max_length=4000,
        label=gettext_lazy("Addresses"),
        widget=forms.Textarea(
            attrs={"rows": 5, "placeholder": "52.89.214.238\n10.0.0.0/8", "spellcheck": "false"}
        ),
        help_text=gettext_lazy("Addresses or networks, one a line. Empty: from anywhere."),
    )

    def chosen(self) -> list[str]:
        return self.cleaned_data["networks"].replace(",", "\n").split("\n")


class PassphraseForm(forms.Form):
    passphrase = forms.CharField(
        max_length=100,
        label=gettext_lazy("New passphrase"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "8 to 100 letters, digits and signs, without spaces and quotes. It is never shown again."
        ),
    )


class TemplateForm(forms.Form):
    template = forms.CharField(
        required=False,
        max_length=2000,
        label=gettext_lazy("Forms"),
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "spellcheck": "false",
                "placeholder": "{{action}} {{symbol}} @ {{price}} on {{timeframe}}",
            }
        ),
        help_text=gettext_lazy(
            "One a line, at most ten; the first that fits counts. Empty: every alert must be JSON."
        ),
    )
    example = forms.CharField(
        required=False,
        max_length=10_000,
        label=gettext_lazy("A text to try it on"),
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "placeholder": "buy BTCUSDT @ 45000.5 on 1h"}
        ),
        help_text=gettext_lazy("As the sender writes it. It is not kept."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("template") or "").strip() and not (cleaned.get("example") or "").strip():
            self.add_error("example", gettext("Paste a text to try it on."))
        return cleaned


class ReplayForm(forms.Form):
    """From which day on."""

    since = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        label=gettext_lazy("Received since"),
        help_text=gettext_lazy(
            "Of the alerts for review, those that can be read now become signals, each once."
        ),
    )

    def moment(self) -> datetime:
        return datetime.combine(self.cleaned_data["since"], time.min, UTC)
