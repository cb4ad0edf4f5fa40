"""The inbox over WebSocket."""

from __future__ import annotations

from typing import Any

from channels.db import database_sync_to_async

from apps.accounts.needs import SIGNED_IN
from apps.accounts.services.second_factors import has_passed_in
from apps.core.live import LiveConsumer
from apps.notifications.selectors import unread_count
from apps.notifications.services import live_group


class InboxConsumer(LiveConsumer):
    """`/ws/inbox/`: `inbox` with the number of unread notices at once, then `notice`, `read` and `acknowledged`."""

    right = SIGNED_IN

    async def groups_for(self) -> list[str]:
        """The person's own; none for a log-in that has not shown its second factor."""
        user = self.scope["user"]
        passed = await database_sync_to_async(has_passed_in)(self.scope.get("session", {}), user)
        return [live_group(user.pk)] if passed else []

    async def greeting(self) -> dict[str, Any]:
        unread = await database_sync_to_async(unread_count)(self.scope["user"].pk)
        return {"kind": "inbox", "unread": unread}
