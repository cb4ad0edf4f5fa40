"""What people type on the pages of the inbox, their contacts, preferences, ladders and webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.engine.lang.payloads import LONGEST
from apps.notifications.channels.base import Channel
from apps.notifications.channels.registry import channels
from apps.notifications.choices import Until, Urgency
from apps.notifications.errors import NotToBeChosen
from apps.notifications.models import Contact, DeliveryHours, Ladder
from apps.notifications.rules.events import events
from apps.notifications.selectors import NOT_CHOSEN
from apps.notifications.services.contacts import check_filter
from apps.notifications.services.ladders import MOST_STEPS

UNITS = [("1", gettext_lazy("seconds")), ("60", gettext_lazy("minutes")), ("3600", gettext_lazy("hours"))]


def _clock() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class ContactForm(forms.Form):
    """The address of a contact of one channel; as many of these forms are on a page as there are channels."""

    channel = forms.CharField(widget=forms.HiddenInput)
    target = forms.CharField(max_length=500)

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        kwargs["auto_id"], kwargs["initial"] = f"id_{channel.kind}_%s", {"channel": channel.kind}
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        field.label, field.help_text = channel.address_words, channel.address_help
        field.widget.attrs["placeholder"] = channel.example
        if channel.kind == "email":
            field.widget.input_type = "email"
        elif channel.kind == "sms":
            field.widget.input_type = "tel"


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=12,
        label=gettext_lazy("Code"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class HoursForm(forms.Form):
    THROUGH = [
        (Urgency.HIGH.value, gettext_lazy("High and critical")),
        (Urgency.CRITICAL.value, gettext_lazy("Critical only")),
    ]

    quiet_from = forms.TimeField(required=False, label=gettext_lazy("Quiet from"), widget=_clock())
    quiet_until = forms.TimeField(required=False, label=gettext_lazy("Quiet until"), widget=_clock())
    digest_at = forms.TimeField(label=gettext_lazy("Digest at"), widget=_clock())
    breaks_through = forms.TypedChoiceField(
        choices=THROUGH,
        coerce=int,
        label=gettext_lazy("What comes through all the same"),
        widget=forms.Select,
    )
    monthly_budget = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1_000_000,
        label=gettext_lazy("Budget a month"),
        help_text=gettext_lazy(
            "Credits. What goes out by the cheapest channels stays within it, with free ones if need be."
        ),
    )

    def __init__(self, *args: Any, hours: DeliveryHours, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(hours, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)


class LadderForm(forms.Form):
    """Up to eight steps; one without a channel is left out."""

    name = forms.CharField(max_length=80, label=gettext_lazy("Name"))
    until = forms.ChoiceField(choices=Until.choices, label=gettext_lazy("Goes on until"))

    def __init__(self, *args: Any, ladder: Ladder | None = None, **kwargs: Any) -> None:
        if ladder is not None:
            kwargs["initial"] = _initial_of(ladder)
        super().__init__(*args, **kwargs)
        used = {step["channel"] for step in ladder.steps} if ladder else set()
        ways = [
            (way.kind, way.words)
            for way in channels()
            if not way.is_internal and (way.is_set_up or way.kind in used)
        ]
        for number in range(1, MOST_STEPS + 1):
            self.fields[f"channel_{number}"] = forms.ChoiceField(
                choices=[("", gettext("No step")), *ways],
                required=False,
                label=gettext("Step {number}").format(number=number),
                widget=forms.Select(attrs={"class": "control"}),
            )
            self.fields[f"wait_{number}"] = forms.IntegerField(
                min_value=0,
                max_value=86_400,
                required=False,
                label=gettext("Wait before it"),
                widget=forms.NumberInput(attrs={"class": "control"}),
            )
            self.fields[f"unit_{number}"] = forms.ChoiceField(
                choices=UNITS,
                required=False,
                initial="60",
                label=gettext("Unit"),
                widget=forms.Select(
                    attrs={
                        "class": "control",
                        "aria-label": gettext("Unit of the wait before step {number}").format(number=number),
                    }
                ),
            )

    def rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField, forms.BoundField]]:
        return [
            (number, self[f"channel_{number}"], self[f"wait_{number}"], self[f"unit_{number}"])
            for number in range(1, MOST_STEPS + 1)
        ]

    def steps(self) -> list[dict[str, Any]]:
        values = self.cleaned_data
        return [
            {
                "channel": channel,
                "wait_s": (values.get(f"wait_{number}") or 0) * int(values.get(f"unit_{number}") or 60),
            }
            for number in range(1, MOST_STEPS + 1)
            if (channel := values.get(f"channel_{number}"))
        ]


def _initial_of(ladder: Ladder) -> dict[str, Any]:
    initial: dict[str, Any] = {"name": ladder.name, "until": ladder.until}
    for number, step in enumerate(ladder.steps, start=1):
        wait = step["wait_s"]
        unit = next(size for size in (3600, 60, 1) if wait % size == 0)
        if not wait:
            unit = 60
        initial |= {
            f"channel_{number}": step["channel"],
            f"wait_{number}": wait // unit,
            f"unit_{number}": str(unit),
        }
    return initial


class EventsField(forms.MultipleChoiceField):
    """Which events an endpoint takes; none chosen stands for every one."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label=gettext_lazy("Events"),
            help_text=gettext_lazy("None chosen: every event of this workspace."),
        )

    @staticmethod
    def choices_now(kept: Sequence[str] = ()) -> list[tuple[str, str]]:
        known = [(event.name, event.words) for event in events() if event.name not in NOT_CHOSEN]
        names = {name for name, _ in known}
        return known + [(name, name) for name in kept if name not in names and name != "*"]


class WebhookSettingsForm(forms.Form):
    name = forms.CharField(
        max_length=80, required=False, label=gettext_lazy("Name"), help_text=gettext_lazy("What it is for.")
    )
    events = EventsField()
    filter = forms.CharField(
        max_length=LONGEST,
        required=False,
        label=gettext_lazy("Only if"),
        widget=forms.TextInput(
            attrs={"placeholder": 'symbol == "BTCUSDT" and price > 45000', "spellcheck": "false"}
        ),
        help_text=gettext_lazy(
            "A condition in the formula language over the data of an event. Empty: everything."
        ),
    )
    ordered = forms.BooleanField(
        required=False,
        label=gettext_lazy("Keep the order"),
        help_text=gettext_lazy(
            "The next one waits until the one before it has arrived or was given up. One that fails holds up "
            "the rest."
        ),
    )
    ordered_by = forms.RegexField(
        r"^\w{0,40}$",
        required=False,
        label=gettext_lazy("Separately for each"),
        widget=forms.TextInput(attrs={"placeholder": "symbol", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "A field of the data: order is then kept among those that say the same in it. Empty: among all."
        ),
    )

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        kept: list[str] = list(contact.options.get("events", [])) if contact else []
        if contact is not None:
            kwargs["initial"] = {
                "name": contact.options.get("name", ""),
                "events": [name for name in kept if name != "*"],
                "filter": contact.options.get("filter", ""),
                "ordered": contact.options.get("ordered", False),
                "ordered_by": contact.options.get("ordered_by", ""),
            }
        super().__init__(*args, **kwargs)
        self.fields["events"].choices = EventsField.choices_now(kept)  # type: ignore[attr-defined]

    def clean_filter(self) -> str:
        try:
            return check_filter(self.cleaned_data["filter"])
        except NotToBeChosen as error:
            raise forms.ValidationError(error.message) from None

    def options(self) -> dict[str, Any]:
        values = self.cleaned_data
        return {
            "name": values["name"],
            "events": values["events"] or ["*"],
            "filter": values["filter"],
            "ordered": values["ordered"],
            "ordered_by": values["ordered_by"],
        }


class WebhookForm(WebhookSettingsForm):
    KINDS = [
        ("secret", gettext_lazy("A shared secret (HMAC-SHA256, v1)")),
        ("pair", gettext_lazy("A key pair (ed25519, v1a)")),
    ]

    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("URL"),
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/hooks/candlewright"}),
        help_text=gettext_lazy("Must be https and reachable from the internet."),
    )
    signing = forms.ChoiceField(
        choices=KINDS, label=gettext_lazy("Signed with"), widget=forms.RadioSelect, initial="secret"
    )
    field_order = ["url", "name", "events", "filter", "signing", "ordered", "ordered_by"]


class ContactSettingsForm(forms.Form):
    """What a person's own contact takes, and how much of it."""

    events = EventsField()
    discreet = forms.BooleanField(
        required=False,
        label=gettext_lazy("Keep the message behind the log-in"),
        help_text=gettext_lazy(
            "What goes there says only that there is something new, with a link to your inbox."
        ),
    )

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        kept: list[str] = list(contact.options.get("events", []))
        kwargs["initial"] = {
            "events": [name for name in kept if name != "*"],
            "discreet": contact.options.get("discreet", False),
        }
        super().__init__(*args, **kwargs)
        field = self.fields["events"]
        field.choices = EventsField.choices_now(kept)  # type: ignore[attr-defined]
        field.help_text = gettext(
            "None chosen: what your preferences say of the channel. Chosen: these and nothing else."
        )

    def options(self) -> dict[str, Any]:
        return {"events": self.cleaned_data["events"], "discreet": self.cleaned_data["discreet"]}


class RotateForm(forms.Form):
    """How long the keys in use go on signing beside the new one."""

    OVERLAPS = [
        ("0", gettext_lazy("Not at all")),
        ("1", gettext_lazy("1 hour")),
        ("24", gettext_lazy("24 hours")),
        ("168", gettext_lazy("7 days")),
    ]

    overlap_hours = forms.ChoiceField(
        choices=OVERLAPS, initial="24", label=gettext_lazy("The present key signs on for")
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap_hours"]))


class ReplayForm(forms.Form):
    """A span of time, in UTC."""

    since = forms.DateTimeField(label=gettext_lazy("From (UTC)"))
    until = forms.DateTimeField(label=gettext_lazy("Until (UTC)"))
    also_delivered = forms.BooleanField(
        required=False,
        label=gettext_lazy("Also what was delivered"),
        help_text=gettext_lazy("Under the same ids, so that a receiver knows them again."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        now = timezone.now().replace(second=0, microsecond=0)
        kwargs.setdefault("initial", {"since": now - timedelta(days=1), "until": now + timedelta(minutes=1)})
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateTimeInput(
                attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
            )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        since: datetime | None = values.get("since")
        until: datetime | None = values.get("until")
        if since and until and since >= until:
            self.add_error("until", gettext("The end comes before the beginning."))
        return values
