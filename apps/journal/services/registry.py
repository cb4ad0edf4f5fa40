"""Which consumers there are.

A room above declares one beside its services and imports that module in its apps.py ready():

    from apps.journal.services import consumer
    from apps.journal.models import Entry

    @consumer("accounts.security_mail", actions=("accounts.login.*", "accounts.password.changed"), soon=True)
    def tell_the_person(entry: Entry) -> None:
        ...

The handler runs in a transaction that also moves the consumer's cursor: what it writes to the database happens exactly
once for each entry, also when the process is killed in between. What leaves the database (mail, HTTP) belongs into a
row that the handler writes and a job sends, or into transaction.on_commit where a lost one does no harm. If it raises,
its writes are undone, the entry is tried again with growing pauses, the ones behind it go on meanwhile, and after
MOST_ATTEMPTS it is parked for staff to see. Entries come in settled order, only such as were recorded
after the consumer was first deployed; `manage.py journal replay` acts on older ones, or again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from apps.journal.models import Entry
from apps.journal.rules import matches

Handler = Callable[[Entry], None]


@dataclass(frozen=True)
class Consumer:
    """One reader of the journal. `soon` wakes it at commit; otherwise it is run every few seconds."""

    name: str
    actions: tuple[str, ...]
    soon: bool
    handle: Handler

    def wants(self, action: str) -> bool:
        return matches(action, self.actions)


_consumers: dict[str, Consumer] = {}


def consumer(name: str, *, actions: Iterable[str], soon: bool = False) -> Callable[[Handler], Handler]:
    """Declare a handler of entries whose action matches one of `actions` ("accounts.login.*" or a full name or "*")."""

    def declare(handler: Handler) -> Handler:
        if name in _consumers and _consumers[name].handle is not handler:
            raise ImproperlyConfigured(f"two consumers of the journal are called {name!r}")
        _consumers[name] = Consumer(name, tuple(actions), soon, handler)
        return handler

    return declare


def consumers() -> list[Consumer]:
    """All declared consumers, by name."""
    return [_consumers[name] for name in sorted(_consumers)]


def withdraw(name: str) -> None:
    """Forget a consumer; its cursor stays, and it goes on from there when it is declared again."""
    _consumers.pop(name, None)


def somebody_waits_for(action: str) -> bool:
    """Whether a consumer wants to be woken when this action is committed."""
    return any(reader.soon and reader.wants(action) for reader in _consumers.values())
