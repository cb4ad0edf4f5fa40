"""What the command palette finds: places, things to do, and whatever has a name, an id or a hash in the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.accounts.selectors import members_of
from apps.backtests.selectors import backtests_of, portfolios_of, sweeps_of, walk_forwards_of
from apps.bots.selectors import bots_of
from apps.core.words import gettext_lazy
from apps.formulas.selectors import formulas_of
from apps.guides.selectors import search_docs
from apps.markets.selectors import visible_instruments
from apps.pages.places import ACTIONS, PLACES, Place
from apps.signals.selectors import alarms_of, signals_of, sources_of
from apps.trading.models import Intent
from apps.trading.selectors import orders_of

MOST = 5  # of one kind
HASH = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Found:
    title: str
    note: str
    url: str
    icon: str


@dataclass(frozen=True)
class Group:
    name: str
    items: list[Found]


@dataclass(frozen=True)
class Kind:
    """One kind of thing: one query finds those whose texts hold the words, or whose id they are."""

    name: str
    right: str
    icon: str
    rows: Callable[[Workspace], QuerySet[Any]]
    texts: tuple[str, ...]
    view: str
    say: Callable[[Any], tuple[str, str]]  # title and note
    of: Callable[[UUID], Q] = lambda uuid: Q(uuid=uuid)
    hash: str = ""  # the column of a hash by whose beginning it is found
    key: str = ""  # a column of random letters, where any word may stand within: found by its beginning

    def find(self, workspace: Workspace, words: str) -> list[Found]:
        uuid = _uuid(words)
        if uuid:
            wanted = self.of(uuid)
        else:
            wanted = Q(pk__in=[])
            for text in self.texts:
                wanted |= Q(**{f"{text}__icontains": words})
            if self.key:
                wanted |= Q(**{f"{self.key}__istartswith": words})
            if self.hash and HASH.fullmatch(words.lower()):
                wanted |= Q(**{f"{self.hash}__startswith": words.lower()})
        rows = self.rows(workspace).filter(wanted)
        found = (rows.distinct() if self.hash else rows)[:MOST]
        return [self._found(row) for row in found]

    def _found(self, row: Any) -> Found:
        title, note = self.say(row)
        args = [] if self.view == "accounts:members" else [row.uuid]
        return Found(title, note, reverse(self.view, args=args), self.icon)


def _of_market(row: Any) -> str:
    return f"{row.bar_set.instrument.symbol} {row.bar_set.timeframe}"


KINDS = (
    Kind(
        gettext_lazy("Formulas"), "formulas.view", "square-function", formulas_of, ("name",), "formulas:formula-detail",
        lambda row: (row.name, f"v{row.latest_version}" if row.latest_version else gettext("draft")),
        hash="versions__content_hash",
    ),
    Kind(
        gettext_lazy("Bots"), "bots.view", "bot", bots_of, ("name", "feed__instrument__symbol"), "bots:bot-detail",
        lambda row: (row.name, f"{row.feed.instrument.symbol} {row.feed.timeframe}, {row.get_state_display().lower()}"),
    ),
    Kind(
        gettext_lazy("Backtests"), "backtests.view", "flask-conical", backtests_of,
        ("formula_name", "bar_set__instrument__symbol"), "backtests:backtest-detail",
        lambda row: (row.formula_name, _of_market(row)),
    ),
    Kind(
        gettext_lazy("Sweeps"), "backtests.view", "layers", sweeps_of, ("formula_name",), "backtests:sweep-detail",
        lambda row: (row.formula_name, row.get_status_display()),
    ),
    Kind(
        gettext_lazy("Walk-forwards"), "backtests.view", "arrow-right", walk_forwards_of,
        ("formula_name", "bar_set__instrument__symbol"), "backtests:walk-forward-detail",
        lambda row: (row.formula_name, _of_market(row)),
    ),
    Kind(
        gettext_lazy("Portfolios"), "backtests.view", "list", portfolios_of, ("name",), "backtests:portfolio-detail",
        lambda row: (row.name, row.get_status_display()),
    ),
    Kind(
        gettext_lazy("Market"), "markets.view", "chart-candlestick", visible_instruments, ("symbol", "name"),
        "markets:instrument-detail", lambda row: (row.symbol, row.name),
    ),
    Kind(
        gettext_lazy("Sources"), "signals.view", "radio", sources_of, ("name",), "signals:source-detail",
        lambda row: (row.name, row.get_kind_display()), key="token_prefix",
    ),
    Kind(
        gettext_lazy("Alarms"), "signals.view", "bell", alarms_of, ("name",), "signals:alarm-detail",
        lambda row: (row.name, str(row.person)),
    ),
    Kind(
        gettext_lazy("Signals"), "signals.view", "zap", signals_of, ("symbol",), "signals:signal-detail",
        lambda row: (f"{row.symbol} {row.get_action_display().lower()}", f"{row.received_at:%Y-%m-%d %H:%M} UTC"),
    ),
    Kind(
        gettext_lazy("Orders"), "trading.view", "wallet", orders_of, ("instrument__symbol",), "trading:order-detail",
        lambda row: (
            f"{row.get_side_display()} {row.instrument.symbol}",
            f"{row.book.name}, {row.get_status_display().lower()}",
        ),
        of=lambda uuid: Intent.of_uuid(uuid, "intent__"), key="client_order_id",
    ),
    Kind(
        gettext_lazy("Members"), "workspace.view", "user", members_of, ("user__name", "user__email"),
        "accounts:members",
        lambda row: (row.user.display_name, row.get_role_display()),
    ),
)  # fmt: skip


def search(workspace: Workspace, rights: Collection[str], words: str) -> list[Group]:
    """What matches, by kind; without words what one may do and where one may go. A query per kind that one may see."""
    groups = [
        Group(gettext("Do"), _places(ACTIONS, rights, words)),
        Group(gettext("Go to"), _places(PLACES, rights, words)),
    ]
    if words:
        groups += [Group(kind.name, kind.find(workspace, words)) for kind in KINDS if kind.right in rights]
        groups.append(Group(gettext("Docs"), _documents(words)))
    return [group for group in groups if group.items]


def _documents(words: str) -> list[Found]:
    return [Found(page.title, "", page.url, "book-open") for page in search_docs(words, MOST)]


def _places(places: Iterable[Place], rights: Collection[str], words: str) -> list[Found]:
    wanted = words.lower().split()
    return [
        Found(place.name, "", reverse(place.view) + place.more, place.icon)
        for place in places
        if (not place.right or place.right in rights)
        and all(word in f"{place.name} {place.words}".lower() for word in wanted)
    ]


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
