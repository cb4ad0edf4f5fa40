"""What stands against a bot running, looked up for any number of bots in a constant number of queries.

Trading refuses what a bot may not do, at once and whoever asks; here the bots themselves are paused for it, so that
each says why it does nothing. Hooks tell of it within a moment, the sweep finds what they lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Count, Exists, F, Q, QuerySet
from django.utils.translation import gettext, ngettext

from apps.billing.selectors import amounts_of_meter, plans_in_force
from apps.bots.choices import ON_FEED, Cause, Mode
from apps.bots.models import Bot
from apps.trading.choices import AccountState
from apps.trading.services import Switches, why_no_orders

METER = "bots"
CAPABILITY = "can.trade_live"
BARRED = (AccountState.REFUSED, AccountState.FROZEN, AccountState.FAILED)
# Causes that end by themselves, as far as bots can see; after the others a person decides.
PASSING = (
    Cause.FEED_STALE,
    Cause.FEED_ENDED,
    Cause.KILL_SWITCH,
    Cause.ACCOUNT,
    Cause.PLAN,
    Cause.DAILY_LOSS,
    Cause.DEAD_MAN,
    Cause.BROKEN,
)


class Obstacle(NamedTuple):
    cause: Cause
    words: str


def obstacles(ids: Collection[int] | None = None) -> dict[int, Obstacle]:
    """By bot, of these or of all that are on a feed: why it may not run. Of several causes the first of: a kill
    switch, its account, the plan."""
    bots = Bot.objects.filter(pk__in=ids) if ids is not None else Bot.objects.filter(state__in=ON_FEED)
    return {**_plans(bots), **_accounts(bots), **_switches(bots)}


def obstacle_of(bot: Bot) -> Obstacle | None:
    """Of one bot, wherever it stands. The number of bots is not looked at: deploying reserves a place among them."""
    bots = Bot.objects.filter(pk=bot.pk)
    return {**_without_right(bots), **_accounts(bots), **_switches(bots)}.get(bot.pk)


def _switches(bots: QuerySet[Bot]) -> dict[int, Obstacle]:
    switches = Switches.active(set(bots.values_list("workspace_id", flat=True).distinct()))
    if not switches.rows:
        return {}
    found = {}
    rows = bots.values_list("pk", "workspace_id", "book_id", "feed__instrument__symbol", "account__exchange")
    for pk, workspace, book, symbol, exchange in rows:
        words = switches.words(workspace, book or 0, symbol, exchange)
        if words:
            found[pk] = Obstacle(Cause.KILL_SWITCH, words)
    return found


def _accounts(bots: QuerySet[Bot]) -> dict[int, Obstacle]:
    rows = bots.filter(account__state__in=BARRED).values_list("pk", "account__name", "account__state")
    return {pk: Obstacle(Cause.ACCOUNT, why_no_orders(name, state)) for pk, name, state in rows}


def _plans(bots: QuerySet[Bot]) -> dict[int, Obstacle]:
    return {**_over_limit(bots), **_without_right(bots)}


def _without_right(bots: QuerySet[Bot]) -> dict[int, Obstacle]:
    """Live bots of workspaces whose plan does not hold live trading (any more)."""
    holds = Exists(plans_in_force().filter(capabilities__contains=[CAPABILITY]))
    rows = bots.filter(~Q(holds), mode=Mode.LIVE).values_list("pk", flat=True)
    words = gettext("The plan does not include live trading.")
    return {pk: Obstacle(Cause.PLAN, words) for pk in rows}


def _over_limit(bots: QuerySet[Bot]) -> dict[int, Obstacle]:
    """The newest of a workspace's bots on feeds, as far as there are more of them than its plan gives."""
    limits = amounts_of_meter(METER)
    deployed = Bot.objects.filter(state__in=ON_FEED)
    counts = (
        deployed.filter(workspace__in=bots.values("workspace_id"))
        .order_by("workspace_id")
        .values_list("workspace_id", "workspace__plan_code", "workspace__plan_version")
        .annotate(deployed=Count("pk"))
    )
    given = {workspace: limits.get((code, version), 0) for workspace, code, version, _ in counts}
    over = {
        workspace: amount
        for workspace, _, _, count in counts
        if (amount := given[workspace]) is not None and count > amount
    }
    ranked: dict[int, list[int]] = defaultdict(list)
    oldest_first = deployed.filter(workspace__in=over).order_by(F("started_at").asc(nulls_last=True), "pk")
    for pk, workspace in oldest_first.values_list("pk", "workspace_id"):
        ranked[workspace].append(pk)
    found: dict[int, Obstacle] = {}
    for workspace, ids in ranked.items():
        amount = over[workspace]
        words = ngettext(
            "The plan gives {amount} bot at once, and {ids} are deployed.",
            "The plan gives {amount} bots at once, and {ids} are deployed.",
            amount,
        ).format(amount=amount, ids=len(ids))
        found |= {pk: Obstacle(Cause.PLAN, words) for pk in ids[amount:]}
    wanted = set(bots.filter(pk__in=found).values_list("pk", flat=True))
    return {pk: obstacle for pk, obstacle in found.items() if pk in wanted}
