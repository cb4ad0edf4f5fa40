"""Two workspaces: one with an object of every kind, its owner and one member; and that of a stranger."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.timezone import now
from PIL import Image

from apps.accounts.choices import Role
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import Device, Membership, Passkey, User, Workspace
from apps.accounts.services import create_api_key, create_team, open_family, open_login, set_avatar
from apps.accounts.services.privacy import build_export, request_export
from apps.accounts.services.views import save_view
from apps.backtests.models import Backtest
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
from apps.formulas.services import add_case, create_formula, publish_formula, share_formula
from apps.journal.models import Entry
from apps.markets.services import import_bars
from apps.notifications.models import Delivery, Notice
from apps.notifications.rules.events import CONTACT_DISABLED
from apps.notifications.services import NewNotice, add_contact, add_webhook, queue_notices, save_ladder
from apps.signals.models import Signal, SignalOutcome
from apps.signals.services.alarms import create_alarm
from apps.signals.services.processing import process_alerts
from apps.signals.services.replaying import start_replay
from apps.signals.services.sealing import seal_signals
from apps.signals.services.sources import create_source, send_test_alert
from apps.signals.services.ut_bots import create_ut_bot
from tests.access.routes import Route
from tests.access.table import HOLDERS, NOT_FOR_KEYS
from tests.billing.furnish import furnish_billing
from tests.bots.rooms import busy_bot
from tests.factories import CROSS, UserFactory, feed_of_files, wave_csv, workspace_of
from tests.trading.furnish import furnish, furnish_exchange

MARK = "ZQXJ"  # in the name of everything in the workspace; a stranger never reads it
SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"
UT_BOT = {
    "symbols": ["BINANCE:BTCUSDT"],
    "timeframe": "1h",
    "ema_period": 9,
    "atr_period": 10,
    "multiplier": "3.7",
}
ROLES = (Role.OWNER, Role.ADMIN, Role.TRADER, Role.ANALYST, Role.VIEWER)
KEY_SCOPE = "markets.view"


@dataclass
class World:
    workspace: Workspace
    owner: User
    member: User
    stranger: User
    owners_ids: dict[str, Any]  # by the beginning of the routes that take them
    members_ids: dict[str, Any]  # the same, with what belongs to a person being the member's
    strangers_team: Workspace
    strangers_ids: dict[str, Any]  # by kind
    key: str = ""
    key_pk: int = 0
    members_key: str = ""  # made while the member was admin, with all an admin can give it
    tokens: dict[int, str] = field(default_factory=dict)
    clients: dict[int, Client] = field(default_factory=dict)

    def as_role(self, role: str) -> tuple[Client, dict[str, Any]]:
        """The session of somebody with the role, and the ids they work with."""
        if role == Role.OWNER:
            return self.client(self.owner), self.owners_ids
        Membership.objects.filter(workspace=self.workspace, user=self.member).update(role=role)
        return self.client(self.member), self.members_ids

    def named(self, person: User) -> dict[str, Any]:
        """By kind what a person's requests may name: the owner's in the workspace, the stranger's in the team."""
        if person == self.stranger:
            return self.strangers_ids
        ids = self.owners_ids
        backtest = Backtest.objects.get(uuid=ids["backtests/"])
        return {
            "account": ids["trading/limits/accounts/"],
            "alert": ids["signals/deliveries/"],
            "book": ids["trading/limits/books/"],
            "instrument": ids["markets/"],
            "backtest": backtest.uuid,
            "bar_set": ids["api/v1/bars/"],
            "contact": ids["settings/contacts/"],
            "delivery": ids["delivery"],
            "entry": ids["api/v1/journal/"],
            "feed": ids["bots feed"],
            "published": ids["published"],
            "formula": ids["formulas/"],
            "lineage": backtest.lineage,
            "ladder": ids["settings/ladders/"],
            "member": ids["member"],
            "notice": ids["inbox/"],
            "person": self.owner.uuid,
            "portfolio": ids["backtests/portfolios/"],
            "signal": ids["signals/"],
            "source": ids["signals/sources/"],
            "sweep": ids["backtests/sweeps/"],
            "swept": ids["swept"],
            "webhook": ids["settings/workspace/webhooks/"],
            "workspace": self.workspace.uuid,
        }

    def client(self, person: User) -> Client:
        """Logged in, and at work in the workspace if in it; no cookie of an earlier request but the session's."""
        client = Client()
        client.cookies.load({name: cookie.value for name, cookie in self.clients[person.pk].cookies.items()})
        return client

    def program(self, secret: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {secret}", "X-Workspace": str(self.workspace.uuid)})


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens within is taken back; services may ask for an outermost transaction, as in any test."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    with atomic:
        yield
        transaction.set_rollback(True)


def ask(client: Client, route: Route, method: str, path: str) -> HttpResponse:
    """A request without content: the right is asked before anything is read."""
    if method in ("GET", "HEAD"):
        return client.generic(method, path)  # type: ignore[return-value]
    if route.is_api:
        return client.generic(method, path, "{}", content_type="application/json")  # type: ignore[return-value]
    return client.generic(method, path, "", content_type="application/x-www-form-urlencoded")  # type: ignore[return-value]


def make_world() -> World:
    owner, member, stranger = UserFactory(name=f"{MARK} owner"), UserFactory(), UserFactory()
    workspace = create_team(name=f"{MARK} team", actor=owner)
    Workspace.objects.filter(pk=workspace.pk).update(plan_code="pro")
    workspace.refresh_from_db()
    for person in (owner, member, stranger):
        workspace_of(person, "pro")
    team = create_team(name="Another team", actor=stranger)
    Workspace.objects.filter(pk=team.pk).update(plan_code="pro")
    team.refresh_from_db()
    send_test_alert(create_source(team, name="Older", actor=stranger)[0], actor=stranger)
    process_alerts()
    Membership.objects.create(workspace=workspace, user=member, role=Role.ADMIN)
    third = Membership.objects.create(workspace=workspace, user=UserFactory(), role=Role.VIEWER)
    shared = _workspaces_ids(workspace, owner) | {"settings/workspace/members/": third.uuid}
    shared |= {"member": third.uuid}
    world = World(
        workspace=workspace,
        owner=owner,
        member=member,
        stranger=stranger,
        owners_ids=shared | _persons_ids(workspace, owner),
        members_ids=shared | _persons_ids(workspace, member),
        strangers_team=team,
        strangers_ids=_strangers_ids(team, stranger),
    )
    key, world.key = create_api_key(workspace, name=f"{MARK} few", scopes=[KEY_SCOPE], actor=owner)
    world.key_pk = key.pk
    scopes = [right for right in HOLDERS if "admin" in HOLDERS[right].split() and right not in NOT_FOR_KEYS]
    _, world.members_key = create_api_key(workspace, name=f"{MARK} all", scopes=scopes, actor=member)
    for person in (owner, member, stranger):
        client = world.clients[person.pk] = Client()
        client.force_login(person)
        session = client.session
        session[SESSION_KEY] = workspace.pk
        session.save()
        request = RequestFactory().get("/")
        pair = open_family(request, person, name="notebook", with_second_factor=False)
        world.tokens[person.pk] = pair.access
    return world


def _workspaces_ids(workspace: Workspace, owner: User) -> dict[str, Any]:
    """One object of each kind that belongs to the workspace."""
    csv = io.BytesIO(wave_csv())
    bar_set = import_bars(workspace, symbol=MARK, file=csv, filename="wave.csv", actor=owner)
    text = f"{CROSS}# {MARK}\n"
    formula = create_formula(workspace, name=f"{MARK} formula", text=text, actor=owner)
    case = add_case(formula, {"name": MARK, "bars": [1], "signals": []}, actor=owner)
    publish_formula(formula, actor=owner)
    share = share_formula(formula, email=UserFactory().email, level="view", actor=owner)
    feed = feed_of_files(bar_set.instrument, actor=owner)
    asked = BacktestRequest(text=text, name=MARK, bar_set=bar_set, formula=formula)
    backtest, _ = submit_backtest(workspace, asked, actor=owner)
    run_backtest(backtest.pk)
    sweep_of = SweepRequest(text=SWEPT, name=MARK, bar_sets=(bar_set,), axes={"length": "2,5"})
    sweep, _ = submit_sweep(workspace, sweep_of, actor=owner)
    walk_of = WalkForwardRequest(text=SWEPT, name=MARK, bar_set=bar_set, axes={"length": "2,5"})
    walk_forward, _ = submit_walk_forward(workspace, walk_of, actor=owner)
    legs = PortfolioRequest(name=MARK, legs=[LegRequest(bar_set, 1.0)])
    portfolio, _ = submit_portfolio(workspace, legs, actor=owner)
    while work_next() is not None:
        pass
    source, _token = create_source(workspace, name=MARK, actor=owner)
    for _ in range(2):
        send_test_alert(source, actor=owner)
        process_alerts()
    alarm = create_alarm(workspace, {"name": MARK, "source": source}, person=owner)
    replay = start_replay(source, since=now(), actor=owner)
    ut_bot = create_ut_bot(workspace, UT_BOT | {"name": MARK, "source": source}, actor=owner)
    seal_signals()
    bot = busy_bot(workspace, owner, MARK)
    signal, alert = Signal.objects.filter(workspace=workspace).latest("pk"), source.alerts.latest("pk")
    SignalOutcome.objects.create(signal=signal, horizon_s=14_400, change=0.01, measured_at=now())
    invitation = workspace.invitations.create(
        email=f"{MARK}@x.example", role="viewer", token_hash="0", sent_at=now(), expires_at=now()
    )
    endpoint, _ = add_webhook(
        owner,
        url="https://8.8.8.8/",
        actor=owner,
        workspace=workspace,
        options={"name": MARK, "events": ["*"]},
    )
    key = f"{MARK} {workspace.uuid}"
    for number in range(2):
        told = {"title": MARK}
        queue_notices(
            [NewNotice(owner.pk, CONTACT_DISABLED.name, f"{key} {number}", told, workspace_id=workspace.pk)]
        )
    delivery = Delivery.objects.filter(contact=endpoint).latest("pk")
    Delivery.objects.filter(contact=endpoint).update(status="failed", ended_at=now())
    traded = furnish(workspace, bar_set.instrument, name=MARK, actor=owner)
    at_exchange = furnish_exchange(workspace, name=MARK)
    bought = furnish_billing(workspace, actor=owner)
    entry = Entry.objects.filter(workspace_id=workspace.pk).order_by("pk").first()
    assert entry is not None
    return {
        "api/v1/alarms/": alarm.uuid,
        "api/v1/alert-sources/": source.uuid,
        "api/v1/alerts/": alert.uuid,
        "api/v1/backtests/": backtest.uuid,
        "api/v1/bars/": bar_set.uuid,
        "api/v1/feeds/": feed.uuid,
        "data/feeds/": feed.uuid,
        "ws/feeds/": feed.uuid,
        "api/v1/bots/": bot.uuid,
        "bots/": bot.uuid,
        "bots/new/": formula.uuid,
        "bots feed": bot.feed.uuid,
        "published": bot.version.formula.uuid,
        "ws/bots/": bot.uuid,
        "api/v1/formulas/": formula.uuid,
        "api/v1/instruments/": bar_set.instrument.uuid,
        "invitation": invitation.uuid,
        "api/v1/journal/": entry.uuid,
        "api/v1/portfolios/": portfolio.uuid,
        "api/v1/signals/": signal.uuid,
        "api/v1/sweeps/": sweep.uuid,
        "api/v1/ut-bots/": ut_bot.uuid,
        "api/v1/walk-forwards/": walk_forward.uuid,
        "api/v1/webhook-endpoints/": endpoint.uuid,
        "delivery": delivery.uuid,
        "settings/workspace/webhooks/": endpoint.uuid,
        "api/v1/workspaces/": workspace.uuid,
        "backtests/": backtest.uuid,
        "backtests/new/": formula.uuid,
        "backtests/portfolios/": portfolio.uuid,
        "backtests/sweeps/": sweep.uuid,
        "backtests/sweeps/new/": formula.uuid,
        "backtests/walk-forwards/": walk_forward.uuid,
        "backtests/walk-forwards/new/": formula.uuid,
        "case": case.uuid,
        "formulas/": formula.uuid,
        "swept": create_formula(workspace, name=f"{MARK} swept", text=SWEPT, actor=owner).uuid,
        "markets/": bar_set.instrument.uuid,
        "markets/bars/": bar_set.uuid,
        "share": share.uuid,
        "settings/workspace/invitations/": invitation.uuid,
        "settings/workspace/journal/": entry.uuid,
        "settings/workspace/switch/": workspace.uuid,
        "signals/": signal.uuid,
        "signals/deliveries/": alert.uuid,
        "signals/alarms/": alarm.uuid,
        "signals/replays/": replay.uuid,
        "signals/sources/": source.uuid,
        "signals/ut-bot/": ut_bot.uuid,
        "api/v1/trading/accounts/": at_exchange.account.uuid,
        "api/v1/trading/books/": traded.book.uuid,
        "api/v1/trading/discrepancies/": at_exchange.discrepancy.uuid,
        "api/v1/billing/checkouts/": bought.checkout.uuid,
        "api/v1/billing/invoices/": bought.invoice.uuid,
        "api/v1/billing/payments/": bought.payment.uuid,
        "settings/workspace/billing/checkouts/": bought.checkout.uuid,
        "settings/workspace/billing/invoices/": bought.invoice.uuid,
        "trading/accounts/": at_exchange.account.uuid,
        "trading/discrepancies/": at_exchange.discrepancy.uuid,
        "api/v1/trading/kill-switches/": traded.switch.uuid,
        "api/v1/trading/orders/": traded.order.uuid,
        "trading/limits/accounts/": traded.account.uuid,
        "trading/limits/books/": traded.book.uuid,
        "trading/orders/": traded.order.uuid,
        "trading/switches/": traded.switch.uuid,
        "ws/backtests/": backtest.uuid,
        "ws/portfolios/": portfolio.uuid,
        "ws/sweeps/": sweep.uuid,
        "ws/walk-forwards/": walk_forward.uuid,
    }


def _strangers_ids(team: Workspace, stranger: User) -> dict[str, Any]:
    """What requests of the stranger's name."""
    csv = io.BytesIO(wave_csv())
    steps = [{"channel": "email", "wait_s": 0}]
    save_ladder(stranger, name="Own", until="acknowledged", steps=steps, actor=stranger)
    other = Membership.objects.create(workspace=team, user=UserFactory(), role=Role.VIEWER)
    bar_set = import_bars(team, symbol="WAVE", file=csv, filename="wave.csv", actor=stranger)
    traded = furnish(team, bar_set.instrument, name="Own", actor=stranger)
    bot = busy_bot(team, stranger, "Own")
    return {
        "feed": bot.feed.uuid,
        "published": bot.version.formula.uuid,
        "account": traded.account.uuid,
        "bar_set": bar_set.uuid,
        "book": traded.book.uuid,
        "instrument": bar_set.instrument.uuid,
        "formula": create_formula(team, name="Own", text=CROSS, actor=stranger).uuid,
        "swept": create_formula(team, name="Swept", text=SWEPT, actor=stranger).uuid,
        "member": other.uuid,
        "source": create_source(team, name="Own", actor=stranger)[0].uuid,
        "webhook": add_webhook(stranger, url="https://8.8.8.8/", actor=stranger, workspace=team, options={})[
            0
        ].uuid,
        "workspace": team.uuid,
    }


def _persons_ids(workspace: Workspace, person: User) -> dict[str, Any]:
    """One object of each kind that belongs to a person."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    set_avatar(person, io.BytesIO(picture.getvalue()))
    export = request_export(person, actor=person)
    build_export(export.pk)
    login = open_login(RequestFactory().get("/"), person)
    passkey = Passkey.objects.create(
        user=person, name=MARK, credential_id=f"x{person.pk}", credential=b"", rp_id="localhost"
    )
    key, _ = create_api_key(workspace, name=MARK, scopes=[KEY_SCOPE], actor=person)
    contact = add_contact(person, channel="email", target=f"{MARK}@x.example", actor=person, is_verified=True)
    steps = [{"channel": "email", "wait_s": 0}]
    ladder = save_ladder(person, name=MARK, until="acknowledged", steps=steps, actor=person)
    notice_key = f"{MARK} {person.pk}"
    queue_notices([NewNotice(person.pk, CONTACT_DISABLED.name, notice_key, {"title": MARK})])
    notice = Notice.objects.get(key=notice_key)
    return {
        "api/v1/contacts/": contact.uuid,
        "api/v1/deliveries/": notice.deliveries.get(channel="inbox").uuid,
        "api/v1/ladders/": ladder.uuid,
        "api/v1/notices/": notice.uuid,
        "inbox/": notice.uuid,
        "settings/contacts/": contact.uuid,
        "settings/ladders/": ladder.uuid,
        "api/v1/api-keys/": key.uuid,
        "api/v1/auth/sessions/": login.uuid,
        "api/v1/exports/": export.uuid,
        "api/v1/users/": person.uuid,
        "settings/devices/": Device.objects.get(user=person, logins=login).uuid,
        "settings/devices/logins/": login.uuid,
        "settings/people/": person.uuid,
        "settings/privacy/export/": export.uuid,
        "settings/security/passkeys/": passkey.uuid,
        "settings/views/": save_view(person, workspace, page="formulas", name=MARK, query="").uuid,
        "settings/workspace/api-keys/": key.uuid,
    }
