"""Forms of second factors. `passkey` holds what the browser's authenticator answered, as JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.words import gettext_lazy


class CodeField(forms.CharField):
    """Six digits of an app, or a backup code; phones offer the digits' keyboard and what they have received."""

    def __init__(self, **options: Any) -> None:
        attributes = {
            "autocomplete": "one-time-code",
            "inputmode": "text",
            "spellcheck": "false",
            "autofocus": True,
        }
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attributes), **options)


class CodeForm(forms.Form):
    """The second factor at the sign-in."""

    code = CodeField(required=False, label=gettext_lazy("Code"))
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)
    trust = forms.BooleanField(required=False, label=gettext_lazy("Do not ask in this browser for 30 days"))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if not values.get("code") and not values.get("passkey") and "code" not in self.errors:
            self.add_error("code", gettext("Enter the code that your app shows, or a backup code."))
        return values


class ConfirmForm(forms.Form):
    """The proof before a dangerous action: the password, or a code for people who have a second factor."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    code = CodeField(required=False, label=gettext_lazy("Code"))
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, has_factor: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("password",) if has_factor else ("code", "passkey"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "code" in self.fields and not values.get("code") and not values.get("passkey"):
            self.add_error("code", gettext("Enter the code that your app shows, or a backup code."))
        return values


class AppForm(forms.Form):
    code = CodeField(label=gettext_lazy("Code the app shows"), min_length=6)


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=64,
        help_text=gettext_lazy("Where it is kept, for example “work laptop” or “blue security key”."),
    )
    passkey = forms.CharField(required=False, widget=forms.HiddenInput)


class PasskeyNameForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=64)


class MfaRuleForm(forms.Form):
    """When a workspace begins to ask for second factors."""

    starts = forms.TypedChoiceField(
        label=gettext_lazy("Ask everybody for a second factor"),
        choices=[
            (0, gettext_lazy("from now on")),
            (7, gettext_lazy("in 7 days")),
            (14, gettext_lazy("in 14 days")),
            (30, gettext_lazy("in 30 days")),
        ],
        coerce=int,
        initial=7,
        help_text=gettext_lazy("Until then, members without one see a notice with the date."),
    )

    def starts_at(self) -> datetime:
        return timezone.now() + timedelta(days=self.cleaned_data["starts"])
