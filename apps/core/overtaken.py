"""Forms that edit what others may edit too: nobody overwrites a change unseen.

The page carries the version it showed, as `If-Match` does for a program; a form of an older one is refused, with what
is stored now, and its next submission overwrites knowingly.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.utils.translation import gettext


class SeenForm(forms.BaseForm):
    """Mix in before a form that is given what is stored, as its instance or initial values, at every request."""

    overtaken = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = {name: self.get_initial_for_field(field, name) for name, field in self.fields.items()}
        content = json.dumps(self.stored, sort_keys=True, default=str)
        self._version = hashlib.sha256(content.encode()).hexdigest()[:16]
        hidden = forms.HiddenInput(attrs={"autocomplete": "off"})  # a reloaded page shows the present version
        self.fields["seen"] = forms.CharField(required=False, initial=self._version, widget=hidden)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data  # type: ignore[misc]
        seen = cleaned.pop("seen", "")
        if seen and seen != self._version:
            self.overtaken = True
            self.data = {**self.data.dict(), self.add_prefix("seen"): self._version}  # type: ignore[attr-defined]
            raise forms.ValidationError(self._words())
        return cleaned

    def _words(self) -> str:
        changed = [
            gettext("{value} is now “{value_2}”").format(
                value=self.fields[name].label or name.replace("_", " ").capitalize(), value_2=value
            )
            for name, value in self.stored.items()
            if value != self.cleaned_data.get(name, value)
            and len(str(value)) <= 100
            and "\n" not in str(value)
        ]
        found = f" {'; '.join(changed)}." if changed else ""
        return gettext(
            "This was changed after you opened it, so nothing is saved yet.{found} What you entered stands below: "
            "save again to put it in place of that."
        ).format(found=found)
