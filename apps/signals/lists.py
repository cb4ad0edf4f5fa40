"""The lists of signals, sources, alarms and UT Bots."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Lower
from django.http import HttpRequest

from apps.core.errors import Conflict
from apps.core.lists import Act, Column, Listing, Sort, day, named, pick, words
from apps.core.words import gettext_lazy
from apps.signals.choices import (
    Action,
    AlertStatus,
    FiringState,
    IncidentKind,
    IncidentState,
    SecurityEventKind,
)
from apps.signals.models import Alert
from apps.signals.selectors import sources_of
from apps.signals.services import (
    delete_alarm,
    delete_ut_bot,
    replay_alert,
    restore_alarm,
    set_source_active,
    update_alarm,
)

NEW = Sort(gettext_lazy("Newest"), "pk", down=True, unique=True)
_NAME = Sort(gettext_lazy("Name"), Lower("name"))


def _sources(request: HttpRequest) -> list[tuple[Any, str]]:
    return named(sources_of(request.workspace), request, "source")


SIGNALS = Listing(
    "signals",
    filters=(
        words(gettext_lazy("Symbol"), "symbol"),
        pick("action", gettext_lazy("Any action"), Action.choices),
        pick("source", gettext_lazy("Any source"), _sources),
    ),
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("received_at", lambda row: row.received_at),
        Column("source", lambda row: row.source.name),
        Column("exchange", lambda row: row.exchange),
        Column("symbol", lambda row: row.symbol),
        Column("timeframe", lambda row: row.timeframe),
        Column("action", lambda row: row.action),
        Column("price", lambda row: row.price),
        Column("bar_time", lambda row: row.bar_time),
        Column("emitted_at", lambda row: row.emitted_at),
        Column("strategy", lambda row: row.strategy),
        Column("seq", lambda row: row.seq),
        Column("test", lambda row: "test" if row.is_test else ""),
    ),
    counts=False,
)

SOURCES = Listing(
    "sources",
    filters=(
        words(gettext_lazy("Search sources")),
        pick("active", gettext_lazy("On and off"), [("1", gettext_lazy("On")), ("0", gettext_lazy("Off"))]),
    ),
    sorts={
        "new": NEW,
        "name": _NAME,
        "last": Sort(gettext_lazy("Last alert"), "last_received_at", down=True, nullable=True),
        "review": Sort(gettext_lazy("For review"), "to_review", down=True),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("kind", lambda row: row.kind),
        Column("on", lambda row: row.is_active),
        Column("last_alert", lambda row: row.last_received_at),
        Column("for_review", lambda row: row.to_review),
    ),
    acts=(
        Act(
            "off",
            gettext_lazy("Switch off"),
            lambda row, request: set_source_active(row, active=False, actor=request.user),
            (
                gettext_lazy("1 source takes no more alerts."),
                gettext_lazy("{n} sources take no more alerts."),
            ),
            icon="pause",
            undo="on",
        ),
        Act(
            "on",
            gettext_lazy("Switch on"),
            lambda row, request: set_source_active(row, active=True, actor=request.user),
            (gettext_lazy("1 source takes alerts."), gettext_lazy("{n} sources take alerts.")),
            icon="play",
            undo="off",
        ),
    ),
    right="signals.manage",
)


def _replay(row: Alert, request: Any) -> None:
    """Raises `Conflict` where it makes no signal, in the words of the replay."""
    outcome = replay_alert(row, actor=request.user)
    if outcome.code != "queued":
        raise Conflict(outcome.detail)


DELIVERIES = Listing(
    "deliveries",
    filters=(
        words(gettext_lazy("Symbol"), "symbol"),
        pick("status", gettext_lazy("Any state"), AlertStatus.choices),
        day("since", gettext_lazy("Since")),
        day("until", gettext_lazy("Until")),
    ),
    sorts={"new": NEW},
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("received_at", lambda row: row.received_at),
        Column("status", lambda row: row.status),
        Column("problem", lambda row: (row.problem or {}).get("detail", "")),
        Column("signal", lambda row: row.signal.uuid if hasattr(row, "signal") else ""),
        Column("test", lambda row: "test" if row.is_test else ""),
        Column("from", lambda row: row.remote_ip or ""),
        Column("told_apart_by", lambda row: row.dedupe_key),
        Column("body", lambda row: row.body_text.replace("\x00", "\ufffd")),
    ),
    acts=(
        Act(
            "replay",
            gettext_lazy("Replay"),
            _replay,
            (gettext_lazy("1 request is read anew."), gettext_lazy("{n} requests are read anew.")),
            icon="rotate-ccw",
        ),
    ),
    right="signals.manage",
    counts=False,
)

REPEATS = Listing("repeats", counts=False)

TURNED_AWAY = Listing(
    "turned-away",
    filters=(
        words(gettext_lazy("Address")),
        pick("kind", gettext_lazy("Any reason"), SecurityEventKind.choices),
    ),
    sorts={"new": NEW, "count": Sort(gettext_lazy("Requests"), "count", down=True)},
    columns=(
        Column("minute", lambda row: row.minute),
        Column("address", lambda row: row.remote_ip),
        Column("reason", lambda row: row.kind),
        Column("requests", lambda row: row.count),
    ),
)

INCIDENTS = Listing(
    "sequence",
    filters=(
        words(gettext_lazy("Strategy")),
        pick("kind", gettext_lazy("Any kind"), IncidentKind.choices),
        pick("state", gettext_lazy("Any state"), IncidentState.choices),
    ),
    sorts={"new": NEW},
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("seen_at", lambda row: row.seen_at),
        Column("strategy", lambda row: row.strategy),
        Column("kind", lambda row: row.kind),
        Column("state", lambda row: row.state),
        Column("first", lambda row: row.first),
        Column("last", lambda row: row.last),
        Column("missing", lambda row: row.missing),
        Column("closed_at", lambda row: row.closed_at),
    ),
)

ALARMS = Listing(
    "alarms",
    filters=(
        words(gettext_lazy("Search alarms")),
        pick("active", gettext_lazy("On and off"), [("1", gettext_lazy("On")), ("0", gettext_lazy("Off"))]),
    ),
    sorts={
        "new": NEW,
        "name": _NAME,
        "last": Sort(gettext_lazy("Last fired"), "last_fired_at", down=True, nullable=True),
        "fired": Sort(gettext_lazy("Fired"), "fired", down=True, nullable=True),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("on", lambda row: row.is_active),
        Column("person", lambda row: row.person.email),
        Column("source", lambda row: row.source.name if row.source else ""),
        Column("symbols", lambda row: " ".join(row.symbols)),
        Column("last_fired", lambda row: row.last_fired_at),
        Column("fired", lambda row: row.fired or 0),
    ),
    acts=(
        Act(
            "off",
            gettext_lazy("Switch off"),
            lambda row, request: update_alarm(row, {"is_active": False}, actor=request.user),
            (gettext_lazy("1 alarm is off."), gettext_lazy("{n} alarms are off.")),
            icon="pause",
            undo="on",
        ),
        Act(
            "on",
            gettext_lazy("Switch on"),
            lambda row, request: update_alarm(row, {"is_active": True}, actor=request.user),
            (gettext_lazy("1 alarm is on."), gettext_lazy("{n} alarms are on.")),
            icon="play",
            undo="off",
        ),
        Act(
            "delete",
            gettext_lazy("Delete"),
            lambda row, request: delete_alarm(row, actor=request.user),
            (gettext_lazy("1 alarm is deleted."), gettext_lazy("{n} alarms are deleted.")),
            icon="trash-2",
            undo="restore",
            danger=True,
        ),
        Act(
            "restore",
            gettext_lazy("Bring back"),
            lambda row, request: restore_alarm(row, actor=request.user),
            (gettext_lazy("1 alarm is back."), gettext_lazy("{n} alarms are back.")),
            undo="delete",
            shown=lambda asked: False,
        ),
    ),
    right="signals.manage",
)

FIRINGS = Listing(
    "firings",
    filters=(
        words(gettext_lazy("Symbol"), "symbol"),
        pick("state", gettext_lazy("Any state"), FiringState.choices),
    ),
    sorts={"new": NEW, "spent": Sort(gettext_lazy("Credits"), "spent", down=True, nullable=True)},
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("fired_at", lambda row: row.fired_at),
        Column("signal", lambda row: row.signal.uuid),
        Column("symbol", lambda row: row.signal.symbol),
        Column("action", lambda row: row.signal.action),
        Column("state", lambda row: row.state),
        Column("credits_held", lambda row: row.held),
        Column("credits_spent", lambda row: row.spent),
        Column("ended_at", lambda row: row.ended_at),
    ),
)

SIGNAL_FIRINGS = Listing("signal-firings", counts=False)

UT_BOTS = Listing(
    "ut-bots",
    filters=(words(gettext_lazy("Name or strategy")),),
    sorts={
        "new": NEW,
        "name": _NAME,
        "strategy": Sort(gettext_lazy("Strategy"), Lower("strategy")),
        "timeframe": Sort(gettext_lazy("Timeframe"), "timeframe"),
    },
    columns=(
        Column("uuid", lambda row: row.uuid),
        Column("name", lambda row: row.name),
        Column("strategy", lambda row: row.strategy),
        Column("symbols", lambda row: " ".join(row.symbols)),
        Column("timeframe", lambda row: row.timeframe),
        Column("ema_period", lambda row: row.ema_period),
        Column("atr_period", lambda row: row.atr_period),
        Column("multiplier", lambda row: row.multiplier),
        Column("source", lambda row: row.source.name),
    ),
    acts=(
        Act(
            "delete",
            gettext_lazy("Delete"),
            lambda row, request: delete_ut_bot(row, actor=request.user),
            (gettext_lazy("1 UT Bot is deleted."), gettext_lazy("{n} UT Bots are deleted.")),
            icon="trash-2",
            question=gettext_lazy("Delete the chosen UT Bots? Their signals, sources and formulas stay."),
            danger=True,
        ),
    ),
    right="signals.manage",
)
