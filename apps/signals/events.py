"""What people are told about signals. Imported by `apps.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Content, Event, content_of_data, register_event
from apps.signals.choices import Action

# One message goes to thousands of people: it is kept once, in English, and put in each one's words when it is read.
FACTS = {
    "Price": _("Price"),
    "Timeframe": _("Timeframe"),
    "Strategy": _("Strategy"),
    "Source": _("Source"),
    "Bar": _("Bar"),
    "Alarm": _("Alarm"),
}
NO_CREDITS = "It went to the inbox alone: the workspace has too few credits for other messages."
NO_CREDITS_WORDS = _("It went to the inbox alone: the workspace has too few credits for other messages.")


def content_of_signal(data: Mapping[str, Any]) -> Content:
    """What the message of an alarm says, in the present language."""
    content = content_of_data(data)
    if "action" not in data:  # a sample
        return content
    place = f"{data['exchange']}:{data['symbol']}" if data["exchange"] else data["symbol"]
    return replace(
        content,
        title=f"{Action(data['action']).label} {place}",
        text=str(NO_CREDITS_WORDS) if content.text == NO_CREDITS else content.text,
        facts=tuple((str(FACTS.get(name, name)), value) for name, value in content.facts),
        url_words=str(_("Open the signal")),
    )


ALARM_FIRED = register_event(
    Event(
        "signals.alarm.fired",
        gettext_lazy("An alarm of yours fires"),
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
        content=content_of_signal,
        sample={
            "title": gettext_lazy("BUY BTCUSDT at 45,000"),
            "text": gettext_lazy("Your alarm “Bitcoin, hourly” took this signal."),
            "facts": [["Price", "45000"], ["Timeframe", "1h"], ["Strategy", gettext_lazy("UT Bot")]],
            "url": "/signals/",
        },
    )
)
ALARM_TESTED = register_event(
    Event(
        "signals.alarm.tested",
        gettext_lazy("A test of an alarm"),
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
SEQUENCE_BROKEN = register_event(
    Event(
        "signals.sequence.broken",
        gettext_lazy("Alerts of a source are missing"),
        urgency=Urgency.HIGH,
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
ALERTS_REFUSED = register_event(
    Event(
        "signals.alerts.refused",
        gettext_lazy("Alerts of a source cannot be read"),
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
SYMBOL_UNKNOWN = register_event(
    Event(
        "signals.symbol.unknown",
        gettext_lazy("For staff: an alert names an unknown symbol or timeframe"),
        modes={"inbox": Mode.NOW, "email": Mode.NOW},
    )
)
