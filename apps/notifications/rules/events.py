"""What people are told about. A room above registers its events in its `ready`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency


@dataclass(frozen=True, slots=True)
class Content:
    """What a notice says, whatever the channel: a line, a paragraph, names with values, where to read on."""

    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    url: str = ""  # a path of this site ("/signals/…") or a whole address
    url_words: str = ""  # what the button says


def content_of_data(data: Mapping[str, Any]) -> Content:
    """The content of a notice whose data is written like one: title, text, facts, url."""
    facts = tuple((str(name), str(value)) for name, value in data.get("facts", ()))
    return Content(
        title=str(data.get("title", "")),
        text=str(data.get("text", "")),
        facts=facts,
        url=str(data.get("url", "")),
        url_words=str(data.get("url_words") or gettext("Open it")),
    )


@dataclass(frozen=True, slots=True)
class Event:
    """`name` is written `room.object.past_tense`; `modes` says what people get who chose nothing.

    An event that is `required` can be switched off by nobody, and breaks through quiet hours and digests.
    """

    name: str
    words: str
    urgency: Urgency = Urgency.NORMAL
    modes: Mapping[str, Mode] = field(default_factory=lambda: {"inbox": Mode.NOW})
    required: bool = False
    content: Callable[[Mapping[str, Any]], Content] = content_of_data
    sample: Mapping[str, Any] = field(default_factory=dict)  # data for previews

    def mode(self, channel: str, chosen: Mode | str | None) -> Mode:
        """What a person gets who chose `chosen` for this channel, or nothing."""
        if self.required:
            return Mode.NOW if channel in self.modes or chosen == Mode.NOW else Mode.OFF
        return Mode(chosen) if chosen else self.modes.get(channel, Mode.OFF)


_events: dict[str, Event] = {}


def register_event(event: Event) -> Event:
    """Make an event known. Raises ValueError for two different events of one name."""
    if event.name in _events and _events[event.name] != event:
        raise ValueError(f"the event {event.name} is registered twice")
    _events[event.name] = event
    return event


def event_of(name: str) -> Event:
    """The event of that name. Raises KeyError for one that no room registered."""
    return _events[name]


def events() -> list[Event]:
    """Every event, by name."""
    return [_events[name] for name in sorted(_events)]


DIGEST = register_event(
    Event("notifications.digest.made", gettext_lazy("The daily digest"), urgency=Urgency.LOW, modes={})
)
CONTACT_DISABLED = register_event(
    Event(
        "notifications.contact.disabled",
        gettext_lazy("An address of yours does not work any more"),
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        required=True,
    )
)
TEST = register_event(
    Event(
        "notifications.contact.tested", gettext_lazy("A test that you asked for"), modes={"inbox": Mode.NOW}
    )
)
