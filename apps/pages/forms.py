"""What one may ask of the journal."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.apps import apps
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.request_context import WAYS
from apps.core.words import gettext_lazy
from apps.journal.selectors import SYSTEM, JournalFilter


def groups() -> list[tuple[str, str]]:
    """The rooms whose actions one may choose: the first word of every action."""
    rooms = [config for config in apps.get_app_configs() if config.name.startswith("apps.")]
    return [
        (config.label, str(config.verbose_name)) for config in rooms if config.label not in ("core", "pages")
    ]


class JournalFilterForm(forms.Form):
    """Filters of the journal's page, its exports and the API. `members` may be chosen as the person."""

    person = forms.ChoiceField(required=False)
    group = forms.ChoiceField(required=False)
    via = forms.ChoiceField(
        required=False, choices=[("", gettext_lazy("Any way")), *((way, way.capitalize()) for way in WAYS)]
    )
    since = forms.DateField(
        required=False, label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"})
    )
    q = forms.CharField(required=False, max_length=100, label=gettext_lazy("Text"))
    object = forms.CharField(required=False, max_length=120)
    request = forms.CharField(required=False, max_length=64)

    def __init__(self, data: Any, *, members: list[User]) -> None:
        super().__init__(data)
        self.members = {str(member.uuid): member.pk for member in members}
        people = [(str(member.uuid), member.name or member.email) for member in members]
        self.fields["person"].choices = [("", gettext("Anybody")), *people, ("system", gettext("The system"))]  # type: ignore[attr-defined]
        self.fields["group"].choices = [("", gettext("Anything")), *groups()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", gettext("The last day lies before the first."))
        return cleaned

    def chosen(self) -> JournalFilter:
        """The filter; what is wrong is left out, and the form tells it."""
        self.is_valid()
        values = self.cleaned_data
        person = values.get("person")
        since, until = values.get("since"), values.get("until")
        return JournalFilter(
            actor_id=SYSTEM if person == "system" else self.members.get(person or ""),
            group=values.get("group", ""),
            target=values.get("object", ""),
            since=datetime.combine(since, time.min, UTC) if since else None,
            until=datetime.combine(until, time.min, UTC) + timedelta(days=1) if until else None,
            via=values.get("via", ""),
            text=values.get("q", "").replace("\x00", ""),
            request_id=values.get("request", ""),
        )
