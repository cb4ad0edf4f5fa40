"""Named hooks: how a lower room lets higher ones know of something without importing them.

A room makes a `Hook` and sends on it; higher rooms connect in their AppConfig.ready. A hook is a nudge, never the only
way: it may be lost with its process, so that what matters is found again by a periodic sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from django.db import transaction

log = structlog.get_logger(__name__)

Receiver = Callable[..., None]


class Hook:
    """Something that happens, named "room.what_happened"; receivers get the same keywords as `send`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._receivers: list[Receiver] = []

    def connect(self, receiver: Receiver) -> Receiver:
        """Call `receiver` from now on; connecting it twice changes nothing. May decorate a function."""
        if receiver not in self._receivers:
            self._receivers.append(receiver)
        return receiver

    def disconnect(self, receiver: Receiver) -> None:
        """No longer call `receiver`; harmless when it was never connected."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)

    def send(self, **facts: Any) -> None:
        """Call every receiver. One that fails is logged with its traceback and stops neither the others nor us."""
        for receiver in list(self._receivers):
            try:
                receiver(**facts)
            except Exception:
                log.exception("hook_receiver_failed", hook=self.name, receiver=receiver.__qualname__, **facts)

    def send_on_commit(self, **facts: Any) -> None:
        """`send` once the surrounding transaction commits."""
        transaction.on_commit(partial(self.send, **facts))
