"""What is to be told, and what was planned for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise

from apps.notifications.rules.routing import Routing


def settled(value: Any) -> Any:
    """Lazy texts in it, such as the names of choices, as what they say in the language of now."""
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return {name: settled(part) for name, part in value.items()}
    return [settled(part) for part in value] if isinstance(value, list | tuple) else value


class NewNotice(NamedTuple):
    """One thing to tell one person; a second one of the same `key` is the first one come again.

    `data` with words in it is a function, which is called where the person's language is set.

    `channels` None leaves the choice to the person's preferences. Given, it adds to the inbox exactly these, except for
    those the person switched off, and `contact_ids` keeps it to some of their contacts. A ladder takes the channels'
    place. `within_s` takes, of all these, the cheapest that arrive in so many seconds instead of all of them; without
    it the person's wish for the event decides. With a `charge_key`, under which what it costs is held, `take_ends`
    tells when nothing of it is open any more.
    """

    person_id: int
    event: str
    key: str
    data: Mapping[str, Any] | Callable[[], Mapping[str, Any]]
    workspace_id: int | None = None
    urgency: int | None = None
    channels: tuple[str, ...] | None = None
    contact_ids: tuple[int, ...] | None = None
    ladder_id: int | None = None
    deadline_at: datetime | None = None
    within_s: int | None = None
    charge_key: str = ""
    is_test: bool = False

    @property
    def said(self) -> Mapping[str, Any]:
        """The data of one that was planned: its words are there."""
        assert not callable(self.data)
        return self.data


class PlannedDelivery(NamedTuple):
    channel: str
    contact_id: int | None
    step: int
    send_after: datetime
    lane: str
    strict: bool
    in_digest: bool
    cost: int


class PlannedNotice(NamedTuple):
    """A notice and the deliveries it will have; `cost` is what they cost if all of them are delivered."""

    notice: NewNotice
    urgency: int
    until: str
    in_inbox: bool
    deliveries: tuple[PlannedDelivery, ...]
    routing: Routing | None = None

    @property
    def cost(self) -> int:
        return sum(delivery.cost for delivery in self.deliveries)
