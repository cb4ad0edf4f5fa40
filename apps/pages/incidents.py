"""What is wrong in a workspace now, worst first: what a person should see before anything else."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.choices import SubscriptionStatus
from apps.billing.models import Subscription
from apps.bots.choices import BotState, Cause, Parity
from apps.bots.selectors import Overview
from apps.core.kept import kept_in_words
from apps.signals.choices import AlertStatus
from apps.signals.selectors import alerts_of
from apps.trading.selectors import discrepancies_of, switches_of

MOST = 3  # of a kind; its page shows the rest
FRESH = timedelta(days=1)


@dataclass(frozen=True)
class Incident:
    """One thing to look at. `tone` is "failed" (money or a promise is at stake) or "attention"."""

    tone: str
    title: str
    words: str
    url: str


def incidents_of(workspace: Workspace, rights: Collection[str], overview: Overview) -> list[Incident]:
    """In a number of queries that does not grow with what there is."""
    found = [*_of_bots(overview), *_of_trading(workspace, rights), *_of_signals(workspace, rights)]
    if "billing.view" in rights:
        found += _of_billing(workspace)
    return sorted(found, key=lambda one: one.tone != "failed")


def _of_bots(overview: Overview) -> Iterator[Incident]:
    bots = [bot for bot, _ in overview.counted]
    for bot in [bot for bot in bots if bot.parity == Parity.BROKEN][:MOST]:
        yield Incident(
            "failed",
            bot.name,
            gettext("It decided otherwise than its backtest would have."),
            _bot_url(bot.uuid),
        )
    for bot in overview.stale[:MOST]:
        title = f"{bot.symbol} {bot.timeframe}"
        words = gettext("This feed brings no bars. Bots on it wait until it does.")
        yield Incident("attention", title, words, reverse("feeds:feed-detail", args=[bot.feed_uuid]))
    stopped = [bot for bot in bots if bot.state == BotState.PAUSED and bot.cause != Cause.PERSON]
    for bot in [bot for bot in stopped if bot.cause != Cause.FEED_STALE][:MOST]:
        words = kept_in_words(bot.words) or gettext("It paused by itself and asks for nothing new.")
        yield Incident("attention", bot.name, words, _bot_url(bot.uuid))


def _bot_url(uuid: object) -> str:
    return reverse("bots:bot-detail", args=[uuid])


def _of_trading(workspace: Workspace, rights: Collection[str]) -> Iterator[Incident]:
    if "trading.view" not in rights:
        return
    for gap in discrepancies_of(workspace).filter(resolved_at=None)[:MOST]:
        url = reverse("trading:account-detail", args=[gap.account.uuid])
        yield Incident("failed", gap.account.name, kept_in_words(gap.words), url)
    for switch in switches_of(workspace).filter(lifted_at=None)[:MOST]:
        words = kept_in_words(switch.reason) or gettext("A kill switch is on.")
        yield Incident("failed", str(switch), words, reverse("trading:switch-list"))


def _of_signals(workspace: Workspace, rights: Collection[str]) -> Iterator[Incident]:
    """Alerts of the last day that no signal came of, by source."""
    if "signals.view" not in rights:
        return
    lost = alerts_of(workspace).filter(
        status__in=[AlertStatus.REJECTED, AlertStatus.FAILED], received_at__gte=timezone.now() - FRESH
    )
    by_source = lost.order_by().values("source__name", "source__uuid").annotate(count=Count("pk"))
    for row in by_source.order_by("-count")[:MOST]:
        many = row["count"]
        words = (
            gettext("One alert of the last day made no signal.")
            if many == 1
            else gettext("{many} alerts of the last day made no signal.").format(many=many)
        )
        url = reverse("signals:source-detail", args=[row["source__uuid"]])
        yield Incident("attention", row["source__name"], words, url)


def _of_billing(workspace: Workspace) -> Iterator[Incident]:
    late = Subscription.objects.filter(workspace=workspace, status=SubscriptionStatus.PAST_DUE)
    if late.exists():
        words = gettext("It is tried again by itself. The plan stays until it is given up.")
        yield Incident("failed", gettext("A payment is overdue"), words, reverse("money:overview"))
