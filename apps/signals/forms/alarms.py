"""The form of an alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext, ngettext

from apps.core.errors import DomainError
from apps.core.manner import written
from apps.core.menus import Menu
from apps.core.words import gettext_lazy
from apps.notifications.choices import Urgency
from apps.notifications.models import Ladder
from apps.notifications.selectors import arrival_times, ways, ways_of
from apps.signals.choices import Action
from apps.signals.models import Alarm, AlertSource
from apps.signals.selectors import sources_of
from apps.signals.services.alarms import FIELDS, check_alarm

WEEK = [WEEKDAYS_ABBR[day] for day in range(7)]
PAUSES = [
    (0, gettext_lazy("None")),
    (60, gettext_lazy("1 minute")),
    (300, gettext_lazy("5 minutes")),
    (900, gettext_lazy("15 minutes")),
    (3600, gettext_lazy("1 hour")),
]
PAUSES += [
    (14_400, gettext_lazy("4 hours")),
    (86_400, gettext_lazy("1 day")),
    (604_800, gettext_lazy("1 week")),
]


class AlarmForm(forms.Form):
    """Of a new alarm or one that is edited; `alarm` is a draft that is changed only when the form is right."""

    name = forms.CharField(max_length=80, label=gettext_lazy("Name"))
    source = Menu(
        AlertSource.objects.none(),
        required=False,
        to_field_name="uuid",
        label=gettext_lazy("Source"),
        empty_label=gettext_lazy("Any source"),
    )
    symbols = forms.CharField(
        required=False,
        max_length=1000,
        label=gettext_lazy("Symbols"),
        help_text=gettext_lazy("Separated by spaces or commas, such as BTCUSDT ETHUSDT. Empty: every one."),
    )
    actions = forms.MultipleChoiceField(
        choices=Action.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Actions"),
    )
    condition = forms.CharField(
        required=False,
        max_length=500,
        label=gettext_lazy("Condition"),
        help_text=gettext_lazy(
            'Over the fields of the alert, such as price > 45000 and timeframe == "1h". Empty: always.'
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "class": "font-mono"}),
    )
    channels = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Channels"),
        help_text=gettext_lazy("Beside the inbox. None chosen: as your preferences say."),
    )
    ladder = Menu(
        Ladder.objects.none(),
        required=False,
        to_field_name="uuid",
        label=gettext_lazy("Ladder"),
        empty_label=gettext_lazy("None"),
        help_text=gettext_lazy("Takes the place of the channels."),
    )
    within_s = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        choices=lambda: [
            ("", gettext("All of them")),
            *((s, gettext("The cheapest in {time}").format(time=words)) for s, words in arrival_times()),
        ],
        label=gettext_lazy("Of these"),
        help_text=gettext_lazy(
            "The cheapest of the channels that, as measured, arrive in time in 95 of 100 cases."
        ),
    )
    urgency = forms.TypedChoiceField(
        choices=Urgency.choices, coerce=int, initial=2, label=gettext_lazy("Urgency")
    )
    days = forms.TypedMultipleChoiceField(
        choices=list(enumerate(WEEK)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Days"),
    )
    open_from = forms.TimeField(
        required=False,
        label=gettext_lazy("From"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    open_until = forms.TimeField(
        required=False,
        label=gettext_lazy("Until"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    cool_down_s = forms.TypedChoiceField(
        choices=PAUSES, coerce=int, initial=0, label=gettext_lazy("Cool-down")
    )

    def __init__(
        self, data: Any = None, *, alarm: Alarm, initial: dict[str, Any] | None = None, **kwargs: Any
    ) -> None:
        self.alarm = alarm
        kept = {name: getattr(alarm, name) for name in FIELDS if name in self.base_fields}
        kept |= {
            "symbols": " ".join(alarm.symbols),
            "source": alarm.source.uuid if alarm.source else None,
            "ladder": alarm.ladder.uuid if alarm.ladder else None,
        }
        super().__init__(data, initial={**kept, **(initial or {})}, **kwargs)
        self.fields["source"].queryset = sources_of(alarm.workspace)  # type: ignore[attr-defined]
        self.fields["ladder"].queryset = Ladder.objects.filter(person=alarm.person)  # type: ignore[attr-defined]
        self.fields["channels"].choices = [  # type: ignore[attr-defined]
            (way.kind, way.words)
            for way in ways_of(alarm.person)
            if way.is_set_up or way.kind in alarm.channels
        ]
        if alarm.cool_down_s not in dict(PAUSES):
            own = (alarm.cool_down_s, _pause_in_words(alarm.cool_down_s))
            self.fields["cool_down_s"].choices = [*PAUSES, own]  # type: ignore[attr-defined]
        if not Ladder.objects.filter(person=alarm.person).exists():
            del self.fields["ladder"]

    def clean_symbols(self) -> list[str]:
        symbols = self.cleaned_data["symbols"].replace(",", " ").split()
        if any(len(symbol) > 40 for symbol in symbols):
            raise forms.ValidationError(gettext("A symbol has at most 40 characters."))
        return symbols

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if self.errors:
            return values
        draft = self.draft()
        try:
            check_alarm(draft)
        except DomainError as error:
            self.add_error(error.field if error.field in self.fields else None, error.message)
        return values

    def draft(self) -> Alarm:
        """The alarm as the form would make it, not saved."""
        draft = Alarm(workspace=self.alarm.workspace, person=self.alarm.person, pk=self.alarm.pk)
        for name, value in self.cleaned_data.items():
            setattr(draft, name, value)
        return draft


def in_words(alarm: Alarm) -> dict[str, Any]:
    """Its choices as people read them."""
    return {
        "actions": [Action(action).label for action in alarm.actions],
        "channels": [way.words for way in ways() if way.kind in alarm.channels]
        + ([gettext("Inbox")] if "inbox" in alarm.channels else []),
        "days": [WEEK[day] for day in alarm.days],
        "cool_down": _pause_in_words(alarm.cool_down_s),
    }


def _pause_in_words(seconds: int) -> str:
    return dict(PAUSES).get(
        seconds,
        ngettext("{seconds:,} second", "{seconds:,} seconds", seconds).format(seconds=written(seconds)),
    )


class MuteForm(forms.Form):
    """For how long; 0 ends it."""

    SPANS = [
        ("1", gettext_lazy("1 hour")),
        ("8", gettext_lazy("8 hours")),
        ("24", gettext_lazy("1 day")),
        ("168", gettext_lazy("1 week")),
        ("0", gettext_lazy("Not muted")),
    ]

    hours = forms.ChoiceField(choices=SPANS, label=gettext_lazy("Mute for"))

    def until(self) -> datetime | None:
        hours = int(self.cleaned_data["hours"])
        return timezone.now() + timedelta(hours=hours) if hours else None
