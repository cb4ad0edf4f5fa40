"""Live feeds over WebSocket."""

from __future__ import annotations

from apps.accounts.live import WorkspaceConsumer
from apps.markets.models import Feed
from apps.markets.models.feeds import feeds_group


class FeedsConsumer(WorkspaceConsumer):
    """`/ws/feeds/`: events `bars` and `state` of the shared feeds and those of the person's workspaces."""

    right = "markets.view"

    def groups_in_database(self) -> list[str] | None:
        own = [feeds_group(pk) for pk in self.workspaces().values_list("pk", flat=True)]
        return [*own, feeds_group(None)] if own else []


class FeedConsumer(WorkspaceConsumer):
    """`/ws/feeds/<uuid>/`: the same events of one feed."""

    right = "markets.view"

    def groups_in_database(self) -> list[str] | None:
        workspaces = list(self.workspaces().values_list("pk", flat=True))
        feed = Feed.objects.filter(uuid=self.scope["url_route"]["kwargs"]["uuid"]).first()
        if feed is None or not workspaces or feed.workspace_id not in (None, *workspaces):
            return None
        return feed.live_groups[:1]
