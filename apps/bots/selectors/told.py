"""What others heard of a bot's decisions and fills: its signals, the alarms that took them, and each message's end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from apps.bots.models import Bot
from apps.notifications.models import Delivery
from apps.signals.choices import SourceKind
from apps.signals.models import Firing, Signal


def signals_told(bot: Bot, keys: Mapping[str, int]) -> dict[int, list[dict[str, Any]]]:
    """The signals stored under these keys, by the keys' values; each with what its alarms sent. Three queries.

    Whose alarm it was is theirs: said is how it ended, and over which channels.
    """
    made = list(
        Signal.objects.filter(
            source__workspace=bot.workspace_id, source__kind=SourceKind.BOT, alert__dedupe_key__in=list(keys)
        )
        .select_related("alert")
        .order_by("id")
    )
    sent = _sent([signal.pk for signal in made])
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for signal in made:
        found[keys[signal.alert.dedupe_key]].append(
            {
                "id": str(signal.uuid),
                "action": signal.action,
                "status": signal.status,
                "alarms": signal.fired,
                "notices": sent.get(signal.pk, []),
            }
        )
    return found


def _sent(signals: list[int]) -> dict[int, list[dict[str, Any]]]:
    firings = list(Firing.objects.filter(signal__in=signals).order_by("id")) if signals else []
    rows = (
        Delivery.objects.filter(notice__key__in=[firing.key for firing in firings])
        .order_by("id")
        .values_list("notice__key", "channel", "status")
    )
    messages: dict[str, list[dict[str, str]]] = defaultdict(list)
    for key, channel, status in rows if firings else ():
        messages[key].append({"channel": channel, "status": status})
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for firing in firings:
        found[firing.signal_id].append(
            {
                "at": firing.fired_at.isoformat(),
                "state": firing.state,
                "words": firing.get_state_display(),
                "messages": messages.get(firing.key, []),
            }
        )
    return found
