"""What the performance page counts, all in the address."""

from __future__ import annotations

from django import forms

from apps.core.words import gettext_lazy
from apps.signals.choices import Action
from apps.signals.selectors.performance import GROUPS, HORIZON_CHOICES, PerformanceFilter

DAYS = [
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("1 year")),
    ("all", gettext_lazy("All that is kept")),
]
SIDES = [
    ("", gettext_lazy("Buy and sell")),
    (Action.BUY.value, gettext_lazy("Buy")),
    (Action.SELL.value, gettext_lazy("Sell")),
]


class PerformanceForm(forms.Form):
    """What makes no sense is as good as not given."""

    horizon = forms.TypedChoiceField(required=False, choices=HORIZON_CHOICES, coerce=int)
    by = forms.ChoiceField(required=False, choices=[(name, name.capitalize()) for name in GROUPS])
    source = forms.UUIDField(required=False)
    symbol = forms.CharField(required=False, max_length=40)
    action = forms.ChoiceField(required=False, choices=SIDES)
    days = forms.ChoiceField(required=False, choices=DAYS)

    def chosen(self) -> PerformanceFilter:
        self.is_valid()
        values = self.cleaned_data
        days = values.get("days") or "90"
        return PerformanceFilter(
            horizon_s=values.get("horizon") or 14_400,
            by=values.get("by") or "source",
            source=values.get("source"),
            symbol=values.get("symbol", "").strip(),
            action=values.get("action", ""),
            days=None if days == "all" else int(days),
        )
