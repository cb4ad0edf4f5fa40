"""A workspace with one thing of each kind, for requests that machines make up."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import Permission
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts.access_tokens import access_token_for
from apps.accounts.choices import Role
from apps.accounts.models import Invitation, Login, LoginChallenge, Membership, User
from apps.accounts.services import close_workspace, create_api_key, create_team, invitations, suspend_user
from apps.accounts.services.privacy import build_export, request_export
from apps.accounts.services.second_factors import make_backup_codes
from apps.accounts.services.tokens import TokenPair, open_family
from apps.backtests.services import (
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
from apps.billing.models import PlanPrice
from apps.billing.selectors import api_rate_of
from apps.billing.services.subscriptions import cancel_subscription
from apps.bots.choices import BotState
from apps.bots.services import clone_bot, start_upgrade
from apps.core.api.throttling import rate_from
from apps.formulas.library import templates
from apps.formulas.selectors import tree_of
from apps.formulas.services import (
    add_case,
    create_formula,
    publish_formula,
    remove_case,
    save_formula,
    share_formula,
)
from apps.journal.models import Entry
from apps.markets.services import import_bars
from apps.notifications.models import Contact, Delivery, Notice
from apps.notifications.rules.codes import hash_of
from apps.notifications.rules.events import CONTACT_DISABLED
from apps.notifications.services import NewNotice, add_contact, add_webhook, queue_notices, save_ladder
from apps.signals.models import Signal
from apps.signals.services.alarms import create_alarm
from apps.signals.services.processing import process_alerts
from apps.signals.services.sealing import seal_signals
from apps.signals.services.sources import create_source, send_test_alert
from apps.signals.services.ut_bots import create_ut_bot
from tests.accounts.second_factors.conftest import enrol
from tests.billing.furnish import furnish_billing, subscribe
from tests.bots.rooms import bring_to, busy_bot
from tests.factories import CROSS, UserFactory, feed_of_files, wave_csv, workspace_of
from tests.trading.furnish import furnish, furnish_exchange

PASSWORD = "correct-horse-battery"
SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"


@dataclass
class Furnished:
    """What requests take from the workspace, each by the beginning of the paths it is for; the longest one holds."""

    secrets: dict[str, str | Login]  # a key, or the log-in whose access tokens are good for ten minutes
    ids: dict[str, str]
    words: dict[str, Any]  # members of bodies and parameters of queries, by name
    words_below: dict[str, dict[str, Any]] = field(default_factory=dict)
    # what the description cannot say: one of two, a file of bars, things that fit together; by the operation
    given: dict[str, dict[str, Any]] = field(default_factory=dict)

    def secret(self, path: str) -> str:
        found = _longest(self.secrets, path)
        return access_token_for(found) if isinstance(found, Login) else found

    def id(self, path: str) -> str:
        return _longest(self.ids, path) or ""

    def words_for(self, path: str) -> dict[str, Any]:
        return self.words | (_longest(self.words_below, path) or {})


def _longest(table: dict[str, Any], path: str) -> Any:
    return next(
        (table[start] for start in sorted(table, key=len, reverse=True) if path.startswith(start)), None
    )


def _log_in(person: User, name: str) -> TokenPair:
    return open_family(RequestFactory().get("/"), person, name=name, with_second_factor=False)


@pytest.fixture
def furnished(user, question, bar_set, stripe_double) -> Furnished:
    workspace = workspace_of(user)
    subscribe(workspace, stripe_double, "enterprise", actor=user)
    bought = furnish_billing(workspace, actor=user)
    pro = PlanPrice.objects.get(plan__code="pro", plan__is_current=True, currency="USD", interval="month")
    quitter, taster = UserFactory(), UserFactory()
    subscribe(workspace_of(quitter), stripe_double, "pro", actor=quitter)
    cancel_subscription(quitter.owned_workspaces.get(), actor=quitter)
    _, quitters_key = create_api_key(quitter.owned_workspaces.get(), name="machine", actor=quitter)
    _, tasters_key = create_api_key(workspace_of(taster), name="machine", actor=taster)
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    content = {"name": "Mine", "bars": [1], "signals": []}
    case, removed = (
        add_case(formula, content, actor=user),
        add_case(formula, {**content, "name": "Gone"}, actor=user),
    )
    remove_case(removed, actor=user)
    publish_formula(formula, actor=user)
    save_formula(formula, name="Mine", text=SWEPT, actor=user)
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    sweep, _ = submit_sweep(
        workspace, SweepRequest(text=SWEPT, bar_sets=(bar_set,), axes={"length": "3,5"}), actor=user
    )
    walk, _ = submit_walk_forward(
        workspace, WalkForwardRequest(bar_set=bar_set, text=SWEPT, axes={"length": "3,5"}), actor=user
    )
    portfolio, _ = submit_portfolio(
        workspace,
        PortfolioRequest(legs=[LegRequest(bar_set, 0.5)], name="Half"),
        actor=user,
    )
    while work_next() is not None:
        pass
    other, _ = submit_backtest(workspace, replace(question, text=SWEPT), actor=user)
    run_backtest(other.pk)
    unused = import_bars(
        workspace, symbol="UNUSED", file=io.BytesIO(wave_csv()), filename="wave.csv", actor=user
    )
    source, _ = create_source(workspace, name="Mine", actor=user)
    send_test_alert(source, actor=user)
    process_alerts()
    signal = Signal.objects.get()
    values = {"symbols": ["BINANCE:BTCUSDT"], "timeframe": "1h", "name": "Mine", "source": source}
    ut_bot = create_ut_bot(workspace, values, actor=user)
    alerted = Signal.objects.get()
    Signal.objects.update(payload={**alerted.payload, "formula": ut_bot.formula_hash})
    seal_signals()

    traded = furnish(workspace, bar_set.instrument, name="Mine", actor=user)
    at_exchange = furnish_exchange(workspace, name="Mine")
    alarm = create_alarm(workspace, {"name": "Mine", "source": source}, person=user)
    contact = add_contact(user, channel="email", target="desk@example.com", actor=user, is_verified=True)
    unconfirmed = add_contact(user, channel="email", target="new@example.com", actor=user)
    without_code = add_contact(user, channel="email", target="newer@example.com", actor=user)
    Contact.objects.filter(pk=unconfirmed.pk).update(
        code_hash=hash_of(str(unconfirmed.uuid), "123456"), code_expires_at=timezone.now() + timedelta(days=1)
    )
    steps = [{"channel": "email", "wait_s": 60}]
    ladder = save_ladder(user, name="Mine", until="acknowledged", steps=steps, actor=user)
    endpoint, _ = add_webhook(
        user, url="https://8.8.8.8/", actor=user, workspace=workspace, options={"events": ["*"]}
    )
    told = NewNotice(user.pk, CONTACT_DISABLED.name, "told", {"title": "Told"}, workspace_id=workspace.pk)
    queue_notices([told])
    notice = Notice.objects.get(key="told")
    delivery = notice.deliveries.get(contact=endpoint)
    Delivery.objects.filter(pk=delivery.pk).update(status="failed", ended_at=timezone.now())
    key, secret = create_api_key(workspace, name="machine", actor=user)
    export = request_export(user, actor=user)
    build_export(export.pk)
    here, there = _log_in(user, "notebook"), _log_in(user, "elsewhere")
    staff = UserFactory(is_staff=True)
    workspace_of(staff)
    enrol(staff)
    suspended = suspend_user(UserFactory(), reason="Asked to", actor=staff)
    staff.user_permissions.add(Permission.objects.get(codename="can_manage_users"))
    careful = UserFactory()
    enrol(careful)
    challenge = Client().post(
        "/api/v1/auth/login/",
        {"email": careful.email, "password": PASSWORD},
        content_type="application/json",
    )
    # a long run outlasts the minutes these are good for
    tomorrow = timezone.now() + timedelta(days=1)
    LoginChallenge.objects.update(expires_at=tomorrow)
    share = share_formula(formula, email=careful.email, level="view", actor=user)
    theirs = create_formula(
        workspace_of(careful, plan="enterprise"), name="Theirs", text=CROSS, actor=careful
    )
    share_formula(theirs, email=user.email, level="edit", actor=careful)
    unproved = EmailAddress.objects.create(user=careful, email="new@example.com")
    link = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"

    v1 = "/api/v1/"
    # what concerns a person is closed to keys
    in_person = ("auth/", "api-keys/", "exports/", "users/me/", "workspaces/", "invitations/")
    in_person += (
        "contacts/",
        "deliveries/",
        "ladders/",
        "notices/",
        "notification-preferences/",
        "signals/record/",
        "trading/exchanges/connect/",
        "trading/accounts/{uuid}/keys/",
        "trading/accounts/{uuid}/unfreeze/",
    )
    team = create_team(name="Night desk", actor=user)
    member = Membership.objects.create(workspace=team, user=careful, role=Role.TRADER)
    invitation = invitations.invite(team, email="asked@example.com", role=Role.VIEWER, actor=user)
    elsewhere = create_team(name="Day desk", actor=careful)
    Membership.objects.create(workspace=elsewhere, user=user, role=Role.ADMIN)
    closed = close_workspace(create_team(name="Closed", actor=user), actor=user)
    asked = invitations.invite(
        create_team(name="Dawn desk", actor=careful), email=user.email, role=Role.VIEWER, actor=careful
    )
    Invitation.objects.filter(pk=asked.pk).update(token_hash=invitations.token_hash("asked"))
    alone = UserFactory()  # who owns no team may go
    workspace_of(alone)
    desk = open_family(RequestFactory().get("/"), staff, name="desk", with_second_factor=True)
    leaving = _log_in(alone, "laptop")
    Login.objects.update(confirmed_at=tomorrow)
    bot = busy_bot(workspace, user)
    paused, stopped, archived, draft, trying = (
        clone_bot(bot, name=name, actor=user) for name in ("Paused", "Stopped", "Archived", "Draft", "Trying")
    )
    bring_to(paused, BotState.PAUSED, user)
    for one in (stopped, archived):
        bring_to(one, BotState.RUNNING, user)
        bring_to(one, BotState.STOPPED, user)
    bring_to(archived, BotState.ARCHIVED, user)
    newer = bot.version.formula.versions.latest("number")
    start_upgrade(bring_to(trying, BotState.RUNNING, user), newer, bars=10, most_different=0, actor=user)
    return Furnished(
        secrets={
            v1: secret,
            **{v1 + start: here.login for start in in_person},
            v1 + "formulas/{uuid}/leave/": here.login,
            v1 + "erasure/": leaving.login,
            v1 + "billing/subscription/resume/": quitters_key,
            v1 + "plans/{code}/trial/": tasters_key,
            v1 + "users/": desk.login,
        },
        ids={
            v1 + "formulas/": str(formula.uuid),
            v1 + "formulas/{uuid}/leave/": str(theirs.uuid),
            v1 + "backtests/": str(backtest.uuid),
            v1 + "sweeps/": str(sweep.uuid),
            v1 + "walk-forwards/": str(walk.uuid),
            v1 + "portfolios/": str(portfolio.uuid),
            v1 + "signals/": str(signal.uuid),
            v1 + "alert-sources/": str(source.uuid),
            v1 + "ut-bots/": str(ut_bot.uuid),
            v1 + "alarms/": str(alarm.uuid),
            v1 + "trading/accounts/": str(at_exchange.account.uuid),
            v1 + "trading/books/": str(traded.book.uuid),
            v1 + "trading/discrepancies/": str(at_exchange.discrepancy.uuid),
            v1 + "trading/orders/": str(traded.order.uuid),
            v1 + "trading/kill-switches/": str(traded.switch.uuid),
            v1 + "bots/": str(draft.uuid),
            **{
                v1 + f"bots/{{uuid}}/{act}/": str(bot.uuid)
                for act in ("pause", "stop", "parity", "formulas", "journal")
            },
            v1 + "bots/{uuid}/deploy/": str(stopped.uuid),
            v1 + "bots/{uuid}/archive/": str(stopped.uuid),
            v1 + "bots/{uuid}/resume/": str(paused.uuid),
            v1 + "bots/{uuid}/restore/": str(archived.uuid),
            v1 + "bots/{uuid}/formulas/decide/": str(trying.uuid),
            v1 + "billing/checkouts/": str(bought.checkout.uuid),
            v1 + "billing/invoices/": str(bought.invoice.uuid),
            v1 + "billing/payments/": str(bought.payment.uuid),
            v1 + "alerts/": str(source.alerts.get().uuid),
            v1 + "contacts/": str(contact.uuid),
            v1 + "contacts/{uuid}/confirm/": str(unconfirmed.uuid),
            v1 + "contacts/{uuid}/send-code/": str(without_code.uuid),
            v1 + "deliveries/": str(delivery.uuid),
            v1 + "ladders/": str(ladder.uuid),
            v1 + "notices/": str(notice.uuid),
            v1 + "webhook-endpoints/": str(endpoint.uuid),
            v1 + "bars/": str(unused.uuid),
            v1 + "feeds/": str(feed_of_files(bar_set.instrument, actor=user).uuid),
            v1 + "instruments/": str(bar_set.instrument.uuid),
            v1 + "workspaces/": str(team.uuid),
            v1 + "workspaces/{uuid}/leave/": str(elsewhere.uuid),
            v1 + "workspaces/{uuid}/reopen/": str(closed.uuid),
            v1 + "api-keys/": str(key.uuid),
            v1 + "exports/": str(export.uuid),
            v1 + "users/": str(careful.uuid),
            v1 + "users/{uuid}/activate/": str(suspended.uuid),
            v1 + "journal/": str(Entry.objects.filter(workspace_id=workspace.pk).latest("pk").uuid),
            v1 + "auth/sessions/": str(there.login.uuid),
        },
        words={
            "case": str(case.uuid),
            "share": str(share.uuid),
            "delivery": str(delivery.uuid),
            "member": str(member.uuid),
            "invitation": str(invitation.uuid),
            "token": "asked",
            "number": 1,
            "bar_set": str(bar_set.uuid),
            "formula": str(formula.uuid),
            "run": str(backtest.uuid),
            "lineage": str(backtest.lineage),
            "symbol": "WAVE",
            "timeframe": bar_set.timeframe,
            "text": SWEPT,
            "axes": {"length": "3,5"},
            "inputs": {"length": 4},
            "scopes": ["formulas.view"],
            "allowed_networks": ["127.0.0.0/8"],
            "timezone": "Europe/Berlin",
        },
        words_below={
            v1 + "auth/": {"email": user.email, "password": PASSWORD},
            v1 + "auth/register/": {"email": "somebody@example.com", "password": "another-long-secret"},
            v1 + "auth/refresh/": {"refresh": there.refresh},
            v1 + "auth/mfa/verify/": {
                "challenge": challenge.json()["challenge"],
                "code": make_backup_codes(careful, actor=careful)[0],
            },
            v1 + "auth/email/verify/": {"key": EmailConfirmationHMAC(unproved).key},
            v1 + "auth/password/reset/confirm/": {"key": link, "password": "another-long-secret"},
            v1 + "plans/": {"code": "pro"},
            v1 + "caps/": {"meter": "backtests"},
            v1 + "receipts/": {"month": "2026-10"},
            v1 + "formulas/library/": {"key": templates()[0].key},
            v1 + "formulas/{uuid}/cases/{case}/restore/": {"case": str(removed.uuid)},
        },
        given={
            f"PATCH {v1}formulas/{{uuid}}/shares/{{share}}/": {"level": "copy"},
            f"PATCH {v1}workspaces/{{uuid}}/members/{{member}}/": {"role": "viewer"},
            f"POST {v1}auth/confirm/": {"password": PASSWORD},
            f"POST {v1}contacts/": {"channel": "email", "target": "third@example.com"},
            f"POST {v1}contacts/{{uuid}}/confirm/": {"code": "123456"},
            f"POST {v1}billing/checkouts/": {
                "gateway": "stripe",
                "pack": str(bought.checkout.pack.uuid),
                "coupon": "",
            },
            f"POST {v1}billing/subscription/preview/": {"price": str(pro.uuid), "seats": None},
            f"POST {v1}billing/subscription/change/": {
                "price": str(pro.uuid),
                "seats": None,
                "shown_at": timezone.now().isoformat(),
            },
            f"POST {v1}billing/subscription/cancel/": {"at_period_end": True, "reason": "Enough"},
            f"PUT {v1}caps/{{meter}}/": {"soft": 5, "hard": 10},
            f"PUT {v1}billing/profile/": {"name": "Desk", "country": "PT"},
            f"POST {v1}ladders/": {"name": "Night", "until": "acknowledged", "steps": steps},
            f"POST {v1}webhook-endpoints/": {"url": "https://8.8.8.8/second", "filter": ""},
            f"POST {v1}webhook-endpoints/{{uuid}}/replay/": {
                "since": (timezone.now() - timedelta(hours=1)).isoformat(),
                "until": timezone.now().isoformat(),
            },
            f"POST {v1}alert-sources/try-template/": {
                "template": "{{action}} {{symbol}} at {{price}}",
                "text": "buy AAPL at 189.5",
            },
            f"POST {v1}ut-bots/": {
                "name": "Other",
                "source": str(source.uuid),
                "symbols": ["BINANCE:BTCUSDT"],
                "timeframe": "1h",
                "multiplier": "3.7",
            },
            f"POST {v1}trading/exchanges/connect/": {
                "exchange": "binance",
                "name": "Another",
                "api_key": "key",
                "secret": "secret",
            },
            f"POST {v1}trading/orders/": {
                "book": str(traded.book.uuid),
                "instrument": str(bar_set.instrument.uuid),
                "side": "buy",
                "units": "1",
            },
            f"POST {v1}trading/limits/": {"account": None, "book": None, "max_drawdown": "0.2"},
            f"POST {v1}trading/kill-switches/": {
                "scope": "symbol",
                "value": "HALTED",
                "book": None,
                "reason": "Halted.",
            },
            f"GET {v1}trading/portfolio/": {"currency": "USD"},
            f"POST {v1}bots/": {
                "name": "Another",
                "formula": str(bot.version.formula.uuid),
                "version": bot.version.number,
                "feed": str(bot.feed.uuid),
                "account": str(bot.account.uuid),
                "capital": "1000",
                "mode": "paper",
                "inputs": {},
            },
            f"POST {v1}bots/{{uuid}}/formulas/": {"version": newer.number, "bars": 10},
            f"POST {v1}bots/{{uuid}}/formulas/decide/": {"what": "cancel"},
            f"POST {v1}feeds/": {
                "provider": "csv_drop",
                "settings": {"folder": "more"},
                "timeframe": "1m",
                "symbol": "DROPPED",
                "late_after": 2,
                "stale_after": 3,
            },
            f"PUT {v1}signals/record/": {"slug": "my-record", "reveal_after_h": 24},
            f"POST {v1}backtests/": {"text": SWEPT, "bar_set": str(bar_set.uuid)},
            f"GET {v1}backtests/compare/": {"run": [str(backtest.uuid), str(other.uuid)]},
            f"POST {v1}sweeps/": {"text": SWEPT, "markets": [{"bar_set": str(bar_set.uuid)}]},
            f"POST {v1}walk-forwards/": {"text": SWEPT, "bar_set": str(bar_set.uuid)},
            f"POST {v1}portfolios/": {"legs": [{"bar_set": str(bar_set.uuid), "weight": 0.5}]},
            f"GET {v1}trials/": {"formula": str(formula.uuid)},
            f"POST {v1}bars/": {"file": wave_csv(), "symbol": "NEW"},
            f"POST {v1}formulas/{{uuid}}/cases/": {"content": {**content, "name": "Another"}},
            f"PUT {v1}formulas/{{uuid}}/cases/{{case}}/": {"content": content},
            f"POST {v1}formulas/{{uuid}}/cases/snapshot/": {
                "start": bar_set.first_time.isoformat(),
                "end": bar_set.last_time.isoformat(),
            },
            f"GET {v1}formulas/{{uuid}}/compare/": {"old": "1"},
            f"POST {v1}formulas/{{uuid}}/shares/": {"email": "somebody@example.com", "level": "copy"},
            f"POST {v1}formulas/text/": {"tree": tree_of(CROSS)},
        },
    )


@pytest.fixture(autouse=True)
def _no_limits():
    """A machine asks faster than people may."""
    rate_from(lambda workspace: 10_000_000)
    yield
    rate_from(api_rate_of)
