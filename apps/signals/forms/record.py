"""The form that shows a record to everybody."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.words import gettext_lazy
from apps.signals.services.publishing import REVEALS


class RecordForm(forms.Form):
    is_public = forms.BooleanField(required=False, label=gettext_lazy("Show the record to everybody"))
    slug = forms.CharField(
        required=False,
        max_length=40,
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Small letters, digits and hyphens."),
    )
    reveal_after_h = forms.TypedChoiceField(
        choices=[(hours or "", words) for hours, words in REVEALS.items()],
        coerce=int,
        empty_value=None,
        required=False,
        label=gettext_lazy("Show what signals said"),
        help_text=gettext_lazy("Until then everybody sees only that there was a signal, and its hash."),
    )

    def chosen(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "slug": values["slug"].strip() if values["is_public"] else None,
            "reveal_after_h": values["reveal_after_h"],
        }
