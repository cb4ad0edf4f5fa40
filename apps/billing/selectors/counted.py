"""Meters that are counted by the rows they are about, so that nothing has to be given back."""

from __future__ import annotations

from collections.abc import Callable

from apps.accounts.models import Workspace
from apps.accounts.selectors import members_of
from apps.notifications.selectors import endpoints_of


def _seats(workspace: Workspace) -> int:
    return members_of(workspace).count()


def _webhooks(workspace: Workspace) -> int:
    return endpoints_of(workspace).count()


COUNTED: dict[str, Callable[[Workspace], int]] = {"seats": _seats, "webhook_destinations": _webhooks}
