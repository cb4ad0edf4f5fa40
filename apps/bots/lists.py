"""The lists of bots and of the steps of one's life."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext

from apps.bots.choices import Act as MoveAct
from apps.bots.choices import BotState, Cause, Mode
from apps.bots.errors import BotRefused
from apps.bots.models import Bot
from apps.bots.services import archive, deploy, pause, restore, resume, stop
from apps.core.lists import Act, Column, Listing, Sort, pick, words
from apps.core.words import gettext_lazy


def _deploy(bot: Bot, request: HttpRequest) -> None:
    """Raises BotRefused for a live one: with money only after a fresh proof of who it is."""
    if bot.mode == Mode.LIVE:
        raise BotRefused(gettext("Live bots are deployed one by one."))
    deploy(bot, actor=request.user)  # type: ignore[arg-type]


def _by(move: Any) -> Any:
    return lambda row, request: move(row, actor=request.user)


BOTS = Listing(
    "bots",
    filters=(
        words(gettext_lazy("Name")),
        pick("state", gettext_lazy("Any state"), BotState.choices),
        pick("mode", gettext_lazy("Paper and live"), Mode.choices),
        words(gettext_lazy("Tag"), "tag"),
    ),
    sorts={
        "new": Sort(gettext_lazy("Newest"), "pk", down=True, unique=True),
        "name": Sort(gettext_lazy("Name"), Lower("name")),
        "state": Sort(gettext_lazy("State"), "state"),
        "market": Sort(gettext_lazy("Market"), Lower("feed__instrument__symbol")),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("formula", lambda row: row.version.formula.name),
        Column("version", lambda row: row.version.number),
        Column("state", lambda row: row.state),
        Column("mode", lambda row: row.mode),
        Column("symbol", lambda row: row.feed.instrument.symbol),
        Column("timeframe", lambda row: row.feed.timeframe),
        Column("capital", lambda row: row.capital),
        Column("currency", lambda row: row.account.currency),
        Column("tags", lambda row: " ".join(row.tags)),
        Column("made", lambda row: row.created_at),
        Column("result", lambda row: "live" if row.mode == Mode.LIVE else "simulated"),
    ),
    acts=(
        Act(
            "pause",
            gettext_lazy("Pause"),
            _by(pause),
            (gettext_lazy("1 bot is paused."), gettext_lazy("{n} bots are paused.")),
            icon="pause",
            question=gettext_lazy(
                "Pause the chosen bots? They ask for nothing new. Positions stay, and their stop-loss, take-profit and "
                "trail still stand."
            ),
            undo="resume",
        ),
        Act(
            "resume",
            gettext_lazy("Resume"),
            _by(resume),
            (gettext_lazy("1 bot is running again."), gettext_lazy("{n} bots are running again.")),
            icon="play",
            undo="pause",
        ),
        Act(
            "deploy",
            gettext_lazy("Deploy"),
            _deploy,
            (gettext_lazy("1 bot is deployed."), gettext_lazy("{n} bots are deployed.")),
            icon="play",
        ),
        Act(
            "stop",
            gettext_lazy("Stop"),
            lambda row, request: stop(row, flatten=False, actor=request.user),
            (gettext_lazy("1 bot is stopped."), gettext_lazy("{n} bots are stopped.")),
            icon="square",
            question=gettext_lazy(
                "Stop the chosen bots? Their positions stay open, and they decide nothing more."
            ),
            danger=True,
        ),
        Act(
            "archive",
            gettext_lazy("Archive"),
            _by(archive),
            (gettext_lazy("1 bot is in the archive."), gettext_lazy("{n} bots are in the archive.")),
            icon="trash-2",
            question=gettext_lazy(
                "Archive the chosen bots? What they did can still be read, and they can be restored."
            ),
            undo="restore",
            shown=lambda asked: asked["state"] != BotState.ARCHIVED,
        ),
        Act(
            "restore",
            gettext_lazy("Restore"),
            _by(restore),
            (gettext_lazy("1 bot is out of the archive."), gettext_lazy("{n} bots are out of the archive.")),
            icon="rotate-ccw",
            undo="archive",
            shown=lambda asked: asked["state"] == BotState.ARCHIVED,
        ),
    ),
    right="bots.manage",
    size=25,
)

STEPS = Listing(
    "bot-life",
    filters=(
        pick("act", gettext_lazy("Anything done"), MoveAct.choices),
        pick("cause", gettext_lazy("Any cause"), [each for each in Cause.choices if each[0]]),
    ),
    columns=(
        Column("at", lambda row: row.at),
        Column("act", lambda row: row.act),
        Column("cause", lambda row: row.cause),
        Column("by", lambda row: row.actor.display_name if row.actor else ""),
        Column("before", lambda row: row.before),
        Column("after", lambda row: row.after),
        Column("words", lambda row: row.words),
        Column("effect", lambda row: row.effect),
    ),
)
