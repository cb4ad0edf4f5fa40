"""What a way of reaching people looks like to the sender: one `Channel` per folder of this package.

The sender (`services/sending`) knows no channel. It renders in the main thread, where templates and the database may
be used, and calls `send` in an event loop, where they may not: everything `send` needs is in its arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

from django.utils.translation import gettext

from apps.notifications.channels.wire import Wire
from apps.notifications.errors import BadTarget
from apps.notifications.rules.retries import Policy


class AfterCrash(Enum):
    """What becomes of a delivery that may have gone out: the worker died, or no answer came."""

    SEND_AGAIN = "send again"  # under the same key, by which the receiving side knows it
    LOOK_UP = "look up"  # the provider can be asked, by `Channel.look_up`
    GIVE_UP = "give up"  # neither: the delivery ends as unknown, and a ladder goes on


class AddedBy(Enum):
    """How a contact of a channel is proved to be its person's."""

    CODE = "code"  # the address is typed, a code goes there and comes back
    BROWSER = "browser"  # the browser that is to be reached subscribes
    LINK = "link"  # a link with a one-time code is opened there
    ELSEWHERE = "elsewhere"  # it belongs to nobody's contacts: the inbox, a workspace's webhooks


@dataclass(frozen=True, slots=True)
class Message:
    """A notice, ready to be put into the form of a channel. Addresses are whole."""

    uuid: str
    event: str
    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    url: str
    url_words: str
    urgency: int
    created_at: datetime
    person_name: str
    zone: str
    data: Mapping[str, Any]
    ack_url: str = ""  # only for a notice with a ladder that waits for an answer
    unsubscribe_url: str = ""  # only for events and channels that can be switched off
    settings_url: str = ""
    is_test: bool = False
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent, and what a dry run and a preview show. `payload` is what the channel itself needs of it."""

    text: str
    html: str = ""
    subject: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom: the contact's target and secrets in the clear. `contact_id` is None for the account itself."""

    person_id: int
    contact_id: int | None
    target: str
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Any = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `parts` is what it is charged by, where a message may take several."""

    provider_id: str = ""
    price: Decimal | None = None
    currency: str = ""
    http_status: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It was certainly not sent. Write `error` for the person who reads the trace; it must hold no secret.

    `permanent`: no retry, nowhere. `elsewhere`: not by this provider, perhaps by another. `gone`: the contact does not
    exist any more and is switched off (implies permanent). `fault`: the provider itself is in trouble, which counts for
    its circuit breaker. `retry_after_s` is what it asked for, `slow_down` takes the pause after the one that is due.
    """

    error: str
    permanent: bool = False
    elsewhere: bool = False
    gone: bool = False
    fault: bool = False
    retry_after_s: float = 0.0
    slow_down: bool = False
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer came: it may have been sent. What follows says `Channel.after_crash`."""

    error: str
    http_status: int | None = None


Result = Sent | Refused | Unclear


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `limit` messages in any `per_s` seconds under this name, over all workers."""

    name: str
    limit: int
    per_s: float


class Channel:
    """One way of reaching people. A subclass sets the class attributes and writes `render` and `send`."""

    kind: ClassVar[str]  # the folder's name, as stored
    words: ClassVar[str]  # as people read it: "E-mail"
    policy: ClassVar[Policy]
    credits: ClassVar[int] = 1  # what a part of a delivery costs, unless NOTIFICATIONS_CREDITS says otherwise
    parts: ClassVar[int] = 1  # that a message takes at most: what is held for it until it is sent
    timeout_s: ClassVar[float] = 20.0  # an attempt never takes longer
    most_at_once: ClassVar[int] = 32  # attempts under way in one worker
    after_crash: ClassVar[AfterCrash] = AfterCrash.GIVE_UP
    needs_contact: ClassVar[bool] = True
    is_internal: ClassVar[bool] = False  # leaves the house never: not subject to dry runs
    interrupts: ClassVar[bool] = True  # a person is disturbed: quiet hours and digests count
    has_breaker: ClassVar[bool] = True
    disable_after: ClassVar[timedelta | None] = None  # of nothing but failures
    # how a person adds a contact of it
    added_by: ClassVar[AddedBy] = AddedBy.CODE
    icon: ClassVar[str] = "send"
    address_words: ClassVar[str] = "Address"
    address_help: ClassVar[str] = ""
    example: ClassVar[str] = ""
    set_up_by: ClassVar[tuple[str, ...]] = ()  # the settings without which there are no providers

    def providers(self) -> Sequence[str]:
        """Who may carry it, in order; empty when the installation is not set up for this channel."""
        return (self.kind,)

    @property
    def is_set_up(self) -> bool:
        return bool(self.providers())

    def check_target(self, text: str) -> str:
        """The target as it is stored. Raises BadTarget in words for one that nothing can be sent to."""
        text = text.strip()
        if not text:
            raise BadTarget(gettext("Nothing was given."), field="target")
        return text

    def mask(self, target: str) -> str:
        """The target for lists and logs: recognised by its owner, of no use to others."""
        return f"…{target[-4:]}"

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        """The queue in which it keeps its order (empty: none), and whether that waits for every retry.

        `serial` is any number that differs between messages, for channels that split a queue.
        """
        return f"{self.kind}:{person_id}", False

    def render(self, message: Message) -> Rendered:
        """The message in the channel's form. Runs in the main thread; the same message gives the same bytes."""
        raise NotImplementedError

    def paces(self, provider: str, to: Recipient) -> Sequence[Pace]:
        """The limits an attempt counts for."""
        return ()

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        """One attempt. `key` is the same for each attempt of a delivery.

        Errors of httpx may be let through: the sender tells apart whether nothing was sent or no answer came.
        """
        raise NotImplementedError

    async def look_up(
        self, provider: str, to: Recipient, key: str, since: datetime, wire: Wire
    ) -> Sent | None:
        """What became of an attempt that got no answer, where `after_crash` is LOOK_UP; None: nothing was sent."""
        raise NotImplementedError
