"""The base of every WebSocket: it names the right it needs, as a page and an API view do."""

from __future__ import annotations

from typing import ClassVar

from channels.db import database_sync_to_async
from django.db.models import QuerySet

from apps.accounts.models import Workspace
from apps.accounts.second_factor import open_to
from apps.accounts.selectors import workspaces_with
from apps.core.live import LiveConsumer


class WorkspaceConsumer(LiveConsumer):
    """Shows its groups only to people whose role in the workspace holds `right`.

    Whoever loses it is cut off: services that change a membership call `core.live.recheck_on_commit`.
    """

    right: ClassVar[str]

    def workspaces(self) -> QuerySet[Workspace]:
        """Those in which the person holds the right."""
        user = self.scope["user"]
        return open_to(workspaces_with(user, self.right), user, self.scope["session"])

    def groups_in_database(self) -> list[str] | None:
        """What `groups_for` answers; runs where the database may be asked."""
        raise NotImplementedError

    async def groups_for(self) -> list[str] | None:
        return await database_sync_to_async(self.groups_in_database)()
