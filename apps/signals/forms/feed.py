"""What people type on the signals pages."""

from __future__ import annotations

from django import forms

from apps.core.words import gettext_lazy
from apps.signals.choices import Action
from apps.signals.selectors import SignalFilter


class FeedFilterForm(forms.Form):
    """The feed's filters and cursor, all in the address. What makes no sense is as good as not given."""

    symbol = forms.CharField(required=False, max_length=40, label=gettext_lazy("Symbol"))
    action = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("Any action")), *Action.choices],
        label=gettext_lazy("Action"),
    )
    source = forms.UUIDField(required=False, label=gettext_lazy("Source"))
    before = forms.UUIDField(required=False)

    def chosen(self) -> SignalFilter:
        self.is_valid()
        values = self.cleaned_data
        return SignalFilter(
            symbol=values.get("symbol", "").strip(),
            action=values.get("action", ""),
            source=values.get("source"),
        )
