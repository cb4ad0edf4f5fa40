"""Bots of the demo: on paper, on replayed bars, with a stretch of trading behind them.

Everything goes the way it goes in earnest: bars come as a feed writes them, and the runner's own step does the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.accounts.models import User, Workspace
from apps.bots.models import Bot, Cohort
from apps.bots.services import BotRequest, create_bot, deploy, step_cohort
from apps.formulas.models import Formula
from apps.formulas.services import publish_formula
from apps.markets.models import Feed
from apps.markets.services import play_on
from apps.trading.services import ensure_paper_account, mark_books, set_limits

CAPITAL = Decimal(10_000)
CHUNK = 25  # bars after which the curves of equity get a point


@dataclass(frozen=True)
class Plan:
    """A bot of the formula made of the library's `template`, on the feed of `symbol`."""

    template: str
    symbol: str
    inputs: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    limits: tuple[tuple[str, Any], ...] = ()
    paused: str = ""  # why, in the words of who paused it


BOTS = (
    Plan("trend-following", "AAPL", tags=("trend",)),
    Plan(
        "ut-bot",
        "AAPL",
        tags=("trend", "both ways"),
        limits=(("max_daily_loss", Decimal(250)),),
    ),
    Plan("rsi-reversal", "AAPL", inputs=(("oversold", "40"),), tags=("reversal",)),
    Plan("macd", "MSFT", tags=("trend",)),
    Plan("bollinger-reversion", "MSFT", tags=("reversal",), limits=(("max_drawdown", Decimal("0.12")),)),
    Plan("turtle", "MSFT", tags=("trend",), paused="Paused until the quarter's figures are out."),
)


def fill_bots(
    workspace: Workspace, person: User, formulas: dict[str, Formula], feeds: list[Feed]
) -> list[tuple[Bot, str]]:
    """A bot of each formula (by its template) there is a plan for, deployed; those to be paused later, and why."""
    account = ensure_paper_account(workspace, actor=person)
    by_symbol = {feed.instrument.symbol: feed for feed in feeds}
    to_pause = []
    for plan in BOTS:
        if (formula := formulas.get(plan.template)) is None:
            continue
        request = BotRequest(
            name=formula.name,
            version=publish_formula(formula, actor=person),
            feed=by_symbol[plan.symbol],
            account=account,
            capital=CAPITAL,
            inputs=dict(plan.inputs),
            tags=plan.tags,
        )
        bot = deploy(create_bot(workspace, request, actor=person), actor=person)
        if plan.limits and bot.book is not None:
            set_limits(workspace, dict(plan.limits), book=bot.book, actor=person)
        if plan.paused:
            to_pause.append((bot, plan.paused))
    return to_pause


def trade_ahead(feeds: list[Feed], bars: int) -> None:
    """So many bars of each feed at once, and what all bots on it do at them. Nothing where that was done before."""
    mark_books()  # their curves begin with their capital
    for feed in feeds:
        if feed.next_number > 1:
            continue
        for _ in range(bars // CHUNK):
            play_on(feed, CHUNK)
            for cohort in Cohort.objects.filter(feed=feed, members__isnull=False).distinct().order_by("id"):
                while step_cohort(cohort.pk).bars:
                    pass
            mark_books()
