"""The first run: pick a template, backtest it on the demo's data, put it on paper. Three steps, three presses.

Every step is what the same press elsewhere does, so what is made stays and can be worked on with.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.accounts.selectors import preferences_of
from apps.backtests.choices import Status
from apps.backtests.models import Backtest
from apps.backtests.services import BacktestRequest, submit_backtest
from apps.bots.choices import Mode
from apps.bots.models import Bot
from apps.bots.services import BotRequest, create_bot, deploy
from apps.core.errors import DomainError
from apps.core.words import gettext_lazy
from apps.formulas.library import SAMPLES, Template, template_of
from apps.formulas.services import publish_formula, use_template
from apps.journal.services import record
from apps.markets.choices import FRESH, FeedState
from apps.markets.models import BarSet, Feed
from apps.markets.selectors import visible_bar_sets, visible_feeds
from apps.pages.models import FirstRun
from apps.trading.services import ensure_paper_account

# Daily rules of four kinds that say something on the demo's stocks; the library has more.
PICKS = ("trend-following", "rsi-reversal", "turtle", "bollinger-reversion")
PICK, TEST, PAPER, DONE = 1, 2, 3, 4
CAPITAL = Decimal(10_000)


class FirstRunRefused(DomainError):
    code = "first_run_refused"
    title = gettext_lazy("The first run cannot go on")


@dataclass(frozen=True)
class Standing:
    """How far a workspace is. `step` is 1 (pick), 2 (the backtest runs or is read), 3 (the bot is there)."""

    run: FirstRun | None
    step: int

    @property
    def backtest(self) -> Backtest | None:
        return self.run.backtest if self.run else None

    @property
    def bot(self) -> Bot | None:
        return self.run.bot if self.run else None

    @property
    def done(self) -> int:
        """How many of the three steps lie behind."""
        return self.step - 1

    @property
    def is_over(self) -> bool:
        return self.run is not None and self.run.finished_at is not None

    @property
    def is_skipped(self) -> bool:
        return self.run is not None and self.run.skipped_at is not None and not self.is_over


def standing_of(workspace: Workspace) -> Standing:
    """One query; nothing is written before somebody picks."""
    runs = FirstRun.objects.filter(workspace=workspace).select_related(
        "formula",
        "backtest__bar_set__instrument",
        "backtest__workspace",
        "bot__feed__instrument",
        "bot__book",
    )
    run = runs.first()
    if run is None or run.backtest is None:
        return Standing(run, DONE if run and run.bot else PICK)
    if run.bot is not None:
        return Standing(run, DONE)
    return Standing(run, PAPER if run.backtest.is_finished else TEST)


def picks() -> list[Template]:
    return [found for key in PICKS if (found := template_of(key))]


def market_for(workspace: Workspace, template: Template) -> BarSet | None:
    """Bars of the template's timeframe: such as a feed brings too, so that the bot can go on where the test ended."""
    timeframe = SAMPLES[template.sample]
    sets = visible_bar_sets(workspace).filter(timeframe=timeframe)
    fed = visible_feeds(workspace).filter(timeframe=timeframe, state__in=FRESH).values("instrument")
    return sets.filter(instrument__in=fed).first() or sets.first()


def feed_for(workspace: Workspace, bar_set: BarSet) -> Feed | None:
    """A feed of the timeframe: one that brings bars before one that is quiet (its bots wait until it does), of the same
    instrument before others."""
    feeds = visible_feeds(workspace).filter(timeframe=bar_set.timeframe, is_active=True)
    found = feeds.exclude(state__in=[FeedState.ENDED, FeedState.FAILED])
    return min(
        found,
        key=lambda feed: (feed.state not in FRESH, feed.instrument_id != bar_set.instrument_id),
        default=None,
    )


@transaction.atomic
def begin(workspace: Workspace, template: Template, *, actor: User) -> FirstRun:
    """A formula of the template and its backtest. Picking again starts with another one.

    Raises FirstRunRefused without market data, and what a backtest is refused for (QuotaExceeded …).
    """
    bar_set = market_for(workspace, template)
    if bar_set is None:
        raise FirstRunRefused(
            gettext("There are no bars to test it on yet. Import some on the page Market, then come back.")
        )
    formula = use_template(template, workspace=workspace, actor=actor)
    costs = preferences_of(actor)
    request = BacktestRequest(
        text=formula.text,
        name=formula.name,
        formula=formula,
        bar_set=bar_set,
        cash=float(costs.cash),
        fee=float(costs.fee_percent) / 100,
        slippage_bps=float(costs.slippage_bps),
        fill=costs.fill,
    )
    backtest, _ = submit_backtest(workspace, request, actor=actor)
    chosen = {"template": template.key, "formula": formula, "backtest": backtest, "skipped_at": None}
    run, _ = FirstRun.objects.update_or_create(workspace=workspace, defaults=chosen)
    record(
        actor=actor,
        workspace=workspace,
        action="pages.first_run.begun",
        target=run,
        changes={"template": template.key},
    )
    return run


@transaction.atomic
def put_on_paper(workspace: Workspace, *, actor: User) -> Bot:
    """Publish what was tested and deploy a bot of it with play money. A second press finds the bot that is there.

    Raises FirstRunRefused before there is a backtest or without a feed, and what a bot is refused for.
    """
    run = FirstRun.objects.select_for_update().filter(workspace=workspace).first()
    if run is None or run.formula is None or run.backtest is None or run.backtest.status != Status.DONE:
        raise FirstRunRefused(gettext("Pick a template and test it first: the bot runs what was tested."))
    if run.bot is not None:
        return run.bot
    feed = feed_for(workspace, run.backtest.bar_set)
    if feed is None:
        raise FirstRunRefused(
            gettext("No feed brings bars of this timeframe. Start one under Market, Feeds, then come back.")
        )
    request = BotRequest(
        name=run.formula.name,
        version=publish_formula(run.formula, actor=actor),
        feed=feed,
        account=ensure_paper_account(workspace, actor=actor),
        capital=CAPITAL,
        mode=Mode.PAPER,
    )
    run.bot = deploy(create_bot(workspace, request, actor=actor), actor=actor)
    run.finished_at = timezone.now()
    run.skipped_at = None
    run.save(update_fields=["bot", "finished_at", "skipped_at", "updated_at"])
    record(actor=actor, workspace=workspace, action="pages.first_run.finished", target=run)
    return run.bot


@transaction.atomic
def skip(workspace: Workspace, *, actor: User) -> None:
    """Not now: the dashboard only names it among what to do next."""
    run, _ = FirstRun.objects.get_or_create(workspace=workspace)
    if run.finished_at is None and run.skipped_at is None:
        run.skipped_at = timezone.now()
        run.save(update_fields=["skipped_at", "updated_at"])
        record(actor=actor, workspace=workspace, action="pages.first_run.skipped", target=run)
