"""What people type on the signals pages."""

from __future__ import annotations

from datetime import timedelta

from django import forms

from apps.signals.choices import Action, AlertStatus
from apps.signals.selectors import SignalFilter


class SourceForm(forms.Form):
    name = forms.CharField(
        max_length=80, label="Name", help_text="What sends these alerts, for example “EMA cross on BTC”."
    )


class RotateForm(forms.Form):
    """How long the address in use goes on working beside the new one."""

    OVERLAPS = [("0", "Stop it at once"), ("1", "1 hour"), ("24", "24 hours"), ("168", "7 days")]

    overlap_hours = forms.ChoiceField(choices=OVERLAPS, initial="24", label="Keep the present address for")

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_hours"]))


class FeedFilterForm(forms.Form):
    """The feed's filters and cursor, all in the address. What makes no sense is as good as not given."""

    symbol = forms.CharField(required=False, max_length=40, label="Symbol")
    action = forms.ChoiceField(required=False, choices=[("", "Any action"), *Action.choices], label="Action")
    source = forms.UUIDField(required=False, label="Source")
    before = forms.UUIDField(required=False)

    def chosen(self) -> SignalFilter:
        self.is_valid()
        values = self.cleaned_data
        return SignalFilter(
            symbol=values.get("symbol", "").strip(),
            action=values.get("action", ""),
            source=values.get("source"),
        )


class DeliveryFilterForm(forms.Form):
    status = forms.ChoiceField(required=False, choices=[("", "All"), *AlertStatus.choices])

    def chosen(self) -> str:
        return self.cleaned_data["status"] if self.is_valid() else ""
