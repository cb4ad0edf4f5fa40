"""The one way from a workspace and an id to a bot."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.bots.models import Bot, Decision


def get_bot_for(workspace: Workspace, uuid: UUID | str) -> Bot:
    """Raises Http404 for an unknown bot and for one of another workspace alike."""
    bot = (
        Bot.objects.filter(workspace=workspace, uuid=uuid)
        .select_related("workspace", "version__formula", "feed__instrument", "account", "book", "cohort")
        .first()
    )
    if bot is None:
        raise Http404(gettext("No such bot."))
    return bot


def get_decision_of(bot: Bot, number: int) -> Decision | None:
    """What the bot did at the bar of this number on its feed; None for a bar that it saw and let pass.

    Raises Http404 for a bar that it did not see.
    """
    decision = Decision.objects.filter(bot=bot, feed=bot.feed, number=number).first()
    last = bot.cohort.last_number if bot.cohort is not None else bot.left_number
    joined = bot.joined_number
    seen = joined is not None and last is not None and joined <= number <= last
    if decision is None and not seen:
        raise Http404(gettext("The bot did not see that bar."))
    return decision
