"""Bots over WebSocket."""

from __future__ import annotations

from apps.accounts.live import WorkspaceConsumer
from apps.bots.models import Bot, Cohort

MOST_COHORTS = 200


class BotsConsumer(WorkspaceConsumer):
    """`/ws/bots/`: events `bar` (a step of bots of the person's workspaces) and `state` (a bot was moved)."""

    right = "bots.view"

    def groups_in_database(self) -> list[str] | None:
        workspaces = list(self.workspaces().values_list("pk", flat=True))
        cohorts = (
            Cohort.objects.filter(members__workspace__in=workspaces).distinct().order_by("id")[:MOST_COHORTS]
        )
        return [f"workspace.{pk}.bots" for pk in workspaces] + [cohort.live_group for cohort in cohorts]


class BotConsumer(WorkspaceConsumer):
    """`/ws/bots/<uuid>/`: events `bar`, `decision` and `state` of one bot."""

    right = "bots.view"

    def groups_in_database(self) -> list[str] | None:
        uuid = self.scope["url_route"]["kwargs"]["uuid"]
        bot = Bot.objects.filter(uuid=uuid, workspace__in=self.workspaces()).select_related("cohort").first()
        if bot is None:
            return None
        return [bot.live_group] + ([bot.cohort.live_group] if bot.cohort else [])
