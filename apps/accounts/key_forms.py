"""Forms of the API key pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import ApiKey
from apps.accounts.rules import RIGHTS, grantable_scopes
from apps.core.words import gettext_lazy

NEVER = "never"
GROUPS = {
    "formulas": gettext_lazy("Formulas"),
    "backtests": gettext_lazy("Backtests and research"),
    "markets": gettext_lazy("Markets"),
    "signals": gettext_lazy("Signals"),
    "workspace": gettext_lazy("Workspace"),
    "members": gettext_lazy("Members"),
    "journal": gettext_lazy("Journal"),
    "billing": gettext_lazy("Billing"),
}


class NetworksField(forms.CharField):
    """Addresses and networks, one a line (commas do too), as a list of texts; the service checks them."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace(",", " ").split()


class KeySettingsForm(forms.Form):
    """What may be changed of a key later."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("What will use it, for example “research notebook”."),
    )
    allowed_networks = NetworksField(
        label=gettext_lazy("Allowed addresses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": gettext_lazy("203.0.113.7\n2001:db8::/48")}),
        help_text=gettext_lazy("One address or network a line. Empty: from everywhere."),
    )
    requests_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=gettext_lazy("A limit of its own, below that of the plan."),
    )


class ApiKeyForm(KeySettingsForm):
    """A new key. Offers what the maker's role may give; reading is chosen until somebody chooses otherwise."""

    lasts = forms.ChoiceField(
        label=gettext_lazy("Ends after"),
        choices=[
            ("7", gettext_lazy("7 days")),
            ("30", gettext_lazy("30 days")),
            ("90", gettext_lazy("90 days")),
            ("365", gettext_lazy("A year")),
            (NEVER, gettext_lazy("Never")),
        ],
        initial="365",
        help_text=gettext_lazy("Two weeks before a long-lived key ends, its maker gets a mail."),
    )
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    field_order = ("name", "scopes", "lasts", "allowed_networks", "requests_per_minute")

    def __init__(self, *args: Any, rights: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = [right for right in RIGHTS if right in grantable_scopes(rights)]
        self.fields["scopes"].choices = [(right, RIGHTS[right][0]) for right in self.offered]  # type: ignore[attr-defined]
        self.fields["scopes"].error_messages["required"] = gettext(
            "Choose at least one: a key without a scope can do nothing."
        )
        self.fields["scopes"].initial = [
            right
            for right in self.offered
            if right.endswith(".view")
            and right.split(".")[0] in ("formulas", "backtests", "markets", "signals")
        ]

    def scope_groups(self) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """(group, its scopes as name, words and whether it is chosen), for the page."""
        chosen = self["scopes"].value() or []
        groups = []
        for start, label in GROUPS.items():
            own = [
                (right, RIGHTS[right][0], right in chosen)
                for right in self.offered
                if right.split(".")[0] == start
            ]
            if own:
                groups.append((label, own))
        return groups

    def expires_at(self) -> datetime | None:
        lasts = self.cleaned_data["lasts"]
        return None if lasts == NEVER else timezone.now() + timedelta(days=int(lasts))


class RotateForm(forms.Form):
    overlap_hours = forms.TypedChoiceField(
        label=gettext_lazy("The old key works on for"),
        coerce=int,
        choices=[
            (0, gettext_lazy("No time: it ends now")),
            (1, gettext_lazy("1 hour")),
            (24, gettext_lazy("1 day")),
            (72, gettext_lazy("3 days")),
            (168, gettext_lazy("7 days")),
        ],
        initial=24,
    )


def settings_of(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "allowed_networks": key.allowed_networks,
        "requests_per_minute": key.requests_per_minute,
    }
