"""What can be wrong with a bot, in words for the caller."""

from __future__ import annotations

from apps.core.errors import Conflict, DomainError


class ActRefused(Conflict):
    code = "bot_state"
    title = "The bot's state does not allow this"


class BotRefused(DomainError):
    code = "bot_invalid"
    status = 422
    title = "This bot cannot be"


class LiveRefused(DomainError):
    """What is missing before a bot may trade with money."""

    code = "live_refused"
    status = 403
    title = "The bot may not trade live"
