"""What one may ask of the statement, and how staff put a balance right."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext

from apps.billing.choices import LedgerKind
from apps.billing.models import Plan, WorkspaceCredits
from apps.billing.rules.capabilities import CAPABILITIES
from apps.billing.selectors.credits import StatementFilter, available_of
from apps.core.manner import written
from apps.core.words import gettext_lazy


class StatementForm(forms.Form):
    """Filters of the statement's page and file; days are in UTC, as the ledger's months are."""

    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What"),
        choices=[("", gettext_lazy("Everything")), *LedgerKind.choices],
    )
    since = forms.DateField(required=False, label=gettext_lazy("From"))
    until = forms.DateField(required=False, label=gettext_lazy("To"))
    q = forms.CharField(required=False, max_length=100, label=gettext_lazy("Text"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The last day lies before the first."))
        return cleaned

    def chosen(self) -> StatementFilter:
        """The filter; what is wrong is left out, and the form tells it."""
        self.is_valid()
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        return StatementFilter(
            kind=values.get("kind", ""),
            text=values.get("q", "").replace("\x00", ""),
            since=datetime.combine(since, time.min, UTC) if since else None,
            until=datetime.combine(until, time.min, UTC) + timedelta(days=1) if until else None,
        )


class PlanForm(forms.ModelForm):
    """A plan as staff write it; saving makes a new version."""

    capabilities = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Capabilities"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, format_lazy("{} ({})", one.words, name)) for name, one in CAPABILITIES.items()],
    )

    class Meta:
        model = Plan
        fields = [
            "code",
            "name",
            "summary",
            "rank",
            "is_offered",
            "capabilities",
            "monthly_credits",
            "signal_days",
            "alert_days",
            "requires_mfa",
            "trial_days",
            "trial_credits",
        ]


class CapForm(forms.Form):
    """Caps of one meter; an empty one is none."""

    meter = forms.CharField(max_length=60)
    soft = forms.IntegerField(required=False, label=gettext_lazy("Tell me at"))
    hard = forms.IntegerField(required=False, label=gettext_lazy("Stop at"))


class AdjustmentForm(forms.ModelForm):
    """An amount to add or take away. Leaving both empty changes nothing."""

    amount = forms.IntegerField(
        required=False,
        label=gettext_lazy("Amount"),
        help_text=gettext_lazy("Positive adds credits that never expire, negative takes credits away."),
    )
    reason = forms.CharField(
        required=False,
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Shown to the workspace on its statement; name nobody."),
    )

    class Meta:
        model = WorkspaceCredits
        fields: list[str] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("amount") and not (cleaned.get("reason") or "").strip():
            self.add_error("reason", gettext("Give the reason of the change."))
        if cleaned.get("reason") and not cleaned.get("amount"):
            self.add_error("amount", gettext("Give the amount to add or take away."))
        available = available_of(self.instance)
        if (cleaned.get("amount") or 0) < -available:
            self.add_error(
                "amount",
                gettext("Only {available:,} credits are available to take away.").format(
                    available=written(available)
                ),
            )
        return cleaned
