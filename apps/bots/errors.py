"""What can be wrong with a bot, in words for the caller."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError
from apps.core.words import gettext_lazy


class ActRefused(Conflict):
    code = "bot_state"
    title = gettext_lazy("The bot's state does not allow this")


class BotRefused(DomainError):
    code = "bot_invalid"
    status = 422
    title = gettext_lazy("This bot cannot be")


class LiveRefused(DomainError):
    """What is missing before a bot may trade with money."""

    code = "live_refused"
    status = 403
    title = gettext_lazy("The bot may not trade live")
