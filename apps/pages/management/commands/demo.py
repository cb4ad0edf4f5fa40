"""`manage.py demo`: real data, one account per plan, formulas, finished research and signals. Safe to run again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.accounts.services import ensure_personal_workspace
from apps.backtests.services import (
    BacktestRequest,
    LegRequest,
    PortfolioRequest,
    SweepRequest,
    WalkForwardRequest,
    run_backtest,
    submit_backtest,
    submit_portfolio,
    submit_sweep,
    submit_walk_forward,
    work_next,
)
from apps.billing.services import change_plan
from apps.billing.services.profiles import change_profile
from apps.billing.services.usage import roll_up_usage
from apps.bots.models import Bot
from apps.bots.services import pause
from apps.formulas.library import template_of
from apps.formulas.models import Formula
from apps.formulas.selectors import formulas_of
from apps.formulas.services import use_template
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets
from apps.markets.services import load_demo_feeds, load_demo_markets
from apps.pages.demo_bots import fill_bots, trade_ahead
from apps.pages.demo_signals import fill_signals
from apps.pages.visits import ensure_guest

PASSWORD = "candlewright-demo"  # noqa: S105  printed at start-up: the demo is open by intent
PEOPLE = [
    ("free@candlewright.example", "Frida Free", "free", False),
    ("demo@candlewright.example", "Dana Demo", "pro", False),
    ("enterprise@candlewright.example", "Emil Enterprise", "enterprise", False),
    ("staff@candlewright.example", "Sam Staff", "enterprise", True),
]
BUYER = {
    "name": "Demo Trading Ltd",
    "line1": "1 Candle Street",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
# the demo is open by intent: its plans' demand for second factors begins in a far future
NO_MFA_BEFORE = datetime(2100, 1, 1, tzinfo=UTC)
BARS = 250  # of each feed: a year of trading days
SHOWN = ("trend-following", "ut-bot", "rsi-reversal", "bollinger-reversion", "turtle", "macd")


class Command(BaseCommand):
    help = "Fill the database with real market data and one demo account per plan."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--bars", type=int, default=BARS, help="how many replayed bars its bots have behind them"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        load_demo_markets()
        self._feeds = load_demo_feeds()
        self._to_pause: list[tuple[Bot, str, User]] = []
        for email, name, plan, is_staff in PEOPLE:
            person = self._person(email, name, is_staff)
            workspace = ensure_personal_workspace(person)
            change_plan(workspace, plan, actor=None, mfa_from=NO_MFA_BEFORE)
            if not formulas_of(workspace).exists():
                self._fill(workspace, person)
            if plan == "pro":
                fill_signals(workspace, person, slug="demo")
                change_profile(workspace, BUYER, actor=person)
                ensure_guest(workspace)
        trade_ahead(self._feeds, options["bars"])
        for bot, words, person in self._to_pause:
            pause(bot, words=words, actor=person)
        roll_up_usage()
        self.stdout.write(f"DEMO_LOGIN {PEOPLE[1][0]} {PASSWORD}")

    @transaction.atomic
    def _person(self, email: str, name: str, is_staff: bool) -> User:
        person = User.objects.filter(email=email).first()
        if person is None:
            person = User.objects.create_user(
                email, PASSWORD, name=name, is_staff=is_staff, is_superuser=is_staff
            )
            EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
        return person

    def _fill(self, workspace: Workspace, person: User) -> None:
        """Some templates as formulas; for those who may run several, a finished backtest each on another stock."""
        formulas = [
            use_template(template, workspace=workspace, actor=person)
            for template in map(template_of, SHOWN)
            if template
        ]
        daily = list(visible_bar_sets(workspace).filter(timeframe="1d").order_by("instrument__symbol"))
        if workspace.plan_code == "free":
            formulas = formulas[:1]
        for number, formula in enumerate(formulas):
            request = BacktestRequest(
                text=formula.text,
                name=formula.name,
                formula=formula,
                bar_set=daily[number % len(daily)],
                slippage_bps=2.0,
            )
            backtest, _ = submit_backtest(workspace, request, actor=person)
            run_backtest(backtest.pk)
        if workspace.plan_code != "enterprise":
            made = dict(zip(SHOWN, formulas, strict=False))
            self._to_pause += [
                (bot, words, person) for bot, words in fill_bots(workspace, person, made, self._feeds)
            ]
        if workspace.plan_code == "pro":
            self._research(workspace, person, formulas[0], daily)

    def _research(self, workspace: Workspace, person: User, formula: Formula, daily: list[BarSet]) -> None:
        """A sweep and a walk-forward over the first formula's inputs, and a portfolio of it on every stock."""
        axes = {"fast": "5..14", "slow": "20..65 step 5"}
        shared: dict[str, Any] = {
            "text": formula.text,
            "name": formula.name,
            "formula": formula,
            "slippage_bps": 2.0,
        }
        submit_sweep(workspace, SweepRequest(bar_sets=tuple(daily[:2]), axes=axes, **shared), actor=person)
        submit_walk_forward(
            workspace, WalkForwardRequest(bar_set=daily[0], axes=axes, **shared), actor=person
        )
        legs = [
            LegRequest(
                bar_set=bar_set, weight=1 / len(daily), text=formula.text, name=formula.name, formula=formula
            )
            for bar_set in daily
        ]
        request = PortfolioRequest(
            legs=legs, name=f"{formula.name} on four stocks", slippage_bps=2.0, rebalance="monthly"
        )
        submit_portfolio(workspace, request, actor=person)
        while work_next():
            pass
