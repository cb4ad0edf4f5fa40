"""Every route, and one object of each kind in the user's workspace to ask it about, to count queries with."""

from __future__ import annotations

import io
import re
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.timezone import now
from PIL import Image

from apps.accounts.models import Device, Passkey
from apps.accounts.services import create_api_key, open_login, set_avatar
from apps.accounts.services.privacy import build_export, request_export
from apps.accounts.services.views import save_view
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
from apps.formulas.services import add_case, create_formula, publish_formula, share_formula
from apps.journal.models import Entry
from apps.notifications.models import Delivery, Notice
from apps.notifications.rules.events import CONTACT_DISABLED
from apps.notifications.services import NewNotice, add_contact, add_webhook, queue_notices, save_ladder
from apps.signals.models import Alert, Signal
from apps.signals.services.alarms import create_alarm
from apps.signals.services.processing import process_alerts
from apps.signals.services.publishing import publish_record
from apps.signals.services.replaying import start_replay
from apps.signals.services.sealing import seal_signals
from apps.signals.services.sources import create_source, send_test_alert
from apps.signals.services.ut_bots import create_ut_bot
from tests.billing.furnish import furnish_billing
from tests.bots.rooms import busy_bot
from tests.factories import CROSS, feed_of_files
from tests.trading.furnish import furnish, furnish_exchange

NOT_OURS = ("admin/", "accounts/")  # Django's and allauth's own; their ids are not a workspace's
SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"
UT_BOT = {
    "symbols": ["BINANCE:BTCUSDT"],
    "timeframe": "1h",
    "ema_period": 9,
    "atr_period": 10,
    "multiplier": "3.7",
}


def _routes(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += _routes(entry, route)
        elif isinstance(entry, URLPattern):
            found.append(route)
    return [route for route in found if not route.startswith(NOT_OURS)]


ROUTES = sorted(set(_routes(get_resolver())))
WITH_ID = [route for route in ROUTES if "uuid" in route]
WITHOUT_ID = [route for route in ROUTES if "uuid" not in route]


def _path(route: str, ids: dict[str, UUID | str]) -> str:
    """The route filled in with the id its beginning asks for. A new kind of object fails here: add it to `mine`."""
    kind = next((start for start in sorted(ids, key=len, reverse=True) if route.startswith(start)), None)
    assert kind, f"{route} takes an id that this table does not know; add an object of its kind to `mine`"
    path = route.replace("^", "").replace("$", "").replace("\\.", ".")
    path = re.sub(r"<uuid:case>|\(\?P<case>[^)]*\)", str(ids["a test of a formula"]), path)
    path = re.sub(r"\(\?P<member>[^)]*\)", str(ids["settings/workspace/members/"]), path)
    path = re.sub(r"\(\?P<invitation>[^)]*\)", str(ids["settings/workspace/invitations/"]), path)
    path = re.sub(r"<uuid:delivery>|\(\?P<delivery>[^)]*\)", str(ids.get("a delivery to a webhook")), path)
    path = re.sub(r"<uuid:share>|\(\?P<share>[^)]*\)", str(ids["a share of a formula"]), path)
    path = re.sub(r"<uuid:\w+>|\(\?P<uuid>[^)]*\)", str(ids[kind]), path)
    return _with_words(path)


def _with_words(route: str) -> str:
    """The route with a word or number that exists in each of its other gaps."""
    path = route.replace("^", "").replace("$", "").replace("\\.", ".")
    path = re.sub(r"<slug:key>|\(\?P<key>[^)]*\)", "ut-bot", path)
    path = path.replace("<slug:name>", "ema").replace("<slug:slug>", "mine")
    path = re.sub(r"<slug:code>|\(\?P<code>[^)]*\)", "pro", path)
    path = re.sub(r"<slug:meter>|\(\?P<meter>[^)]*\)", "backtests", path)
    path = re.sub(r"<slug:gateway>", "stripe", path)
    path = re.sub(r"<str:month>|\(\?P<month>[^)]*\)", "2026-10", path)
    path = re.sub(r"<int:number>|\(\?P<number>[^)]*\)", "1", path)
    return "/" + re.sub(r"\(\?P<\w+>([\w.]+)(\|[\w.]+)*\)", r"\1", path)


@pytest.fixture
def mine(workspace, user, question) -> dict[str, UUID | str]:
    """One object of each kind, by the beginning of the routes that take its id."""
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    case = add_case(formula, {"name": "Mine", "bars": [1], "signals": []}, actor=user)
    publish_formula(formula, actor=user)
    share = share_formula(formula, email="eve@x.example", level="view", actor=user)
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    sweep_of = SweepRequest(text=SWEPT, bar_sets=(question.bar_set,), axes={"length": "2,5"})
    sweep, _ = submit_sweep(workspace, sweep_of, actor=user)
    walk_of = WalkForwardRequest(text=SWEPT, bar_set=question.bar_set, axes={"length": "2,5"})
    walk_forward, _ = submit_walk_forward(workspace, walk_of, actor=user)
    portfolio, _ = submit_portfolio(
        workspace, PortfolioRequest(legs=[LegRequest(question.bar_set, 1.0)]), actor=user
    )
    while work_next() is not None:
        pass
    source, _token = create_source(workspace, name="Mine", actor=user)
    send_test_alert(source, actor=user)
    process_alerts()
    replay = start_replay(source, since=now(), actor=user)
    alarm = create_alarm(workspace, {"name": "Mine"}, person=user)
    ut_bot = create_ut_bot(workspace, UT_BOT | {"name": "Mine", "source": source}, actor=user)
    seal_signals()
    publish_record(workspace, slug="mine", reveal_after_h=None, actor=user)
    bar_set = question.bar_set
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    set_avatar(user, io.BytesIO(picture.getvalue()))
    export = request_export(user, actor=user)
    build_export(export.pk)
    login = open_login(RequestFactory().get("/"), user)
    steps = [{"channel": "email", "wait_s": 0}]
    ladder = save_ladder(user, name="Mine", until="acknowledged", steps=steps, actor=user)
    contact = add_contact(user, channel="email", target="mine@x.example", actor=user, is_verified=True)
    options = {"name": "Mine", "events": ["*"]}
    endpoint, _secret = add_webhook(
        user, url="https://8.8.8.8/", actor=user, workspace=workspace, options=options
    )
    told = NewNotice(user.pk, CONTACT_DISABLED.name, "Mine", {"title": "Mine"}, workspace_id=workspace.pk)
    queue_notices([told])
    notice, delivery = Notice.objects.get(key="Mine"), Delivery.objects.get(contact=endpoint)
    Delivery.objects.filter(pk=delivery.pk).update(status="failed", ended_at=now())
    begun = {"began_at": now(), "ended_at": now(), "outcome": "refused"}
    delivery.trace.create(number=1, worker="w", provider="webhook", http_status=500, **begun)
    traded = furnish(workspace, bar_set.instrument, name="Mine", actor=user)
    at_exchange = furnish_exchange(workspace, name="Mine")
    entry = Entry.objects.filter(workspace_id=workspace.pk).latest("id")
    signal, alert = Signal.objects.get(), Alert.objects.get()
    bot = busy_bot(workspace, user)
    bought = furnish_billing(workspace, actor=user)
    return {
        "settings/workspace/billing/checkouts/": bought.checkout.uuid,
        "settings/workspace/billing/invoices/": bought.invoice.uuid,
        "api/v1/^billing/checkouts/": bought.checkout.uuid,
        "api/v1/^billing/payments/": bought.payment.uuid,
        "api/v1/^billing/invoices/": bought.invoice.uuid,
        "api/v1/^trading/accounts/": at_exchange.account.uuid,
        "api/v1/^trading/books/": traded.book.uuid,
        "api/v1/^trading/discrepancies/": at_exchange.discrepancy.uuid,
        "trading/accounts/": at_exchange.account.uuid,
        "trading/discrepancies/": at_exchange.discrepancy.uuid,
        "api/v1/^trading/kill-switches/": traded.switch.uuid,
        "api/v1/^trading/orders/": traded.order.uuid,
        "trading/limits/accounts/": traded.account.uuid,
        "trading/limits/books/": traded.book.uuid,
        "trading/orders/": traded.order.uuid,
        "trading/switches/": traded.switch.uuid,
        "a delivery to a webhook": delivery.uuid,
        "inbox/": notice.uuid,
        "settings/contacts/": contact.uuid,
        "settings/ladders/": ladder.uuid,
        "settings/views/": save_view(user, workspace, page="formulas", name="Mine", query="").uuid,
        "settings/workspace/webhooks/": endpoint.uuid,
        "api/v1/^contacts/": contact.uuid,
        "api/v1/^deliveries/": delivery.uuid,
        "api/v1/^ladders/": ladder.uuid,
        "api/v1/^notices/": notice.uuid,
        "api/v1/^webhook-endpoints/": endpoint.uuid,
        "settings/privacy/export/": export.uuid,
        "api/v1/^exports/": export.uuid,
        "settings/workspace/journal/": entry.uuid,
        "api/v1/^journal/": entry.uuid,
        "settings/people/": user.uuid,
        "settings/devices/": Device.objects.get(user=user, logins=login).uuid,
        "settings/devices/logins/": login.uuid,
        "api/v1/^users/": user.uuid,
        "api/v1/auth/sessions/": login.uuid,
        "settings/workspace/api-keys/": (key := create_api_key(workspace, name="Mine", actor=user)[0]).uuid,
        "api/v1/^api-keys/": key.uuid,
        "settings/security/passkeys/": Passkey.objects.create(
            user=user, name="Mine", credential_id="x", credential=b"", rp_id="localhost"
        ).uuid,
        "settings/workspace/switch/": workspace.uuid,
        "settings/workspace/members/": workspace.memberships.get().uuid,
        "settings/workspace/invitations/": workspace.invitations.create(
            email="eve@x.example", role="viewer", token_hash="0", sent_at=now(), expires_at=now()
        ).uuid,
        "markets/": bar_set.instrument.uuid,
        "markets/bars/": bar_set.uuid,
        "data/feeds/": (feed := feed_of_files(bar_set.instrument, actor=user)).uuid,
        "api/v1/^feeds/": feed.uuid,
        "a test of a formula": case.uuid,
        "a share of a formula": share.uuid,
        "formulas/": formula.uuid,
        "backtests/": backtest.uuid,
        "backtests/new/": formula.uuid,
        "backtests/sweeps/": sweep.uuid,
        "backtests/^sweeps/": sweep.uuid,
        "backtests/sweeps/new/": formula.uuid,
        "backtests/walk-forwards/": walk_forward.uuid,
        "backtests/^walk-forwards/": walk_forward.uuid,
        "backtests/walk-forwards/new/": formula.uuid,
        "backtests/portfolios/": portfolio.uuid,
        "backtests/^portfolios/": portfolio.uuid,
        "signals/": signal.uuid,
        "bots/": bot.uuid,
        "bots/new/": formula.uuid,
        "api/v1/^bots/": bot.uuid,
        "signals/alarms/": alarm.uuid,
        "signals/sources/": source.uuid,
        "signals/ut-bot/": ut_bot.uuid,
        "signals/deliveries/": alert.uuid,
        "signals/replays/": replay.uuid,
        "api/v1/^workspaces/": workspace.uuid,
        "api/v1/^instruments/": bar_set.instrument.uuid,
        "api/v1/^bars/": bar_set.uuid,
        "api/v1/^formulas/": formula.uuid,
        "api/v1/^backtests/": backtest.uuid,
        "api/v1/^sweeps/": sweep.uuid,
        "api/v1/^walk-forwards/": walk_forward.uuid,
        "api/v1/^portfolios/": portfolio.uuid,
        "api/v1/^signals/": signal.uuid,
        "api/v1/^alarms/": alarm.uuid,
        "api/v1/^ut-bots/": ut_bot.uuid,
        "api/v1/^alert-sources/": source.uuid,
        "api/v1/^alerts/": alert.uuid,
    }
