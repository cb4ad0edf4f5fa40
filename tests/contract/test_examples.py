"""Every operation has examples, they fit their own schemas, and the API takes and answers what they show.

`EXAMPLES=write make test ARGS=tests/contract/test_examples.py` records the answers anew into each app's
api/examples.json; the requests in there are written by hand.
"""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from sys import modules
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.urls import resolve
from django.utils.timezone import now
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from apps.accounts.choices import Role
from apps.accounts.models import Membership, User
from apps.accounts.services import create_api_key, ensure_personal_workspace
from apps.accounts.services.invitations import invite
from apps.accounts.services.workspaces import create_team
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
from apps.billing.models import CreditPack, PlanPrice, Subscription
from apps.billing.services.credits import adjust_credits
from apps.billing.services.subscriptions import cancel_subscription
from apps.bots.models import Bot
from apps.core.api.examples import examples_beside
from apps.core.models import ApiRequest
from apps.formulas.choices import ShareLevel
from apps.formulas.library import templates
from apps.formulas.models import Formula
from apps.formulas.services import add_case, create_formula, publish_formula, save_formula, share_formula
from apps.journal.models import Entry
from apps.markets.models import BarSet
from apps.markets.services import import_bars
from apps.notifications.models import Delivery, Notice
from apps.notifications.rules.events import CONTACT_DISABLED
from apps.notifications.services import NewNotice, add_contact, add_webhook, queue_notices, save_ladder
from apps.signals.models import Signal, SignalOutcome
from apps.signals.services.alarms import create_alarm
from apps.signals.services.processing import process_alerts
from apps.signals.services.sealing import seal_signals
from apps.signals.services.sources import create_source, send_test_alert
from apps.signals.services.ut_bots import create_ut_bot
from deploy.sandbox.stripe import StripeDouble
from tests.accounts.keys.conftest import client_with
from tests.accounts.second_factors.conftest import code_of, enrol
from tests.accounts.tokens.test_endpoints import _login, post
from tests.billing.furnish import furnish_billing, subscribe
from tests.bots.rooms import ASKS, bring_to, busy_bot
from tests.factories import CROSS, UserFactory, feed_of_files, wave_csv, workspace_of
from tests.trading.furnish import furnish, furnish_exchange

SWEPT = "input length = 3 in 2..9\nlong when close > ema(close, length)\n"
WRITE = os.environ.get("EXAMPLES") == "write"
# Logging in and its like need mails and codes: tests/accounts/tokens asks for each of them, and
# tests/accounts/test_workspaces_api.py answers invitations. A file takes a worker, leaving a formula
# somebody else's formula, and whoever hands a workspace over may do no more in it.
# A code that confirms a contact comes by the channel.
APART = {
    "contact_confirm",
    "contact_send_code",
    "v1_auth_sessions_destroy_others",
    "export_file",
    "formula_leave",
    "invitation_accept",
    "invitation_decline",
    "workspace_leave",
    "workspace_transfer",
    "plans_trial",
    "billing_invoices_pdf",  # leads to the gateway's
}
UT_BOT = {
    "symbols": ["BINANCE:BTCUSDT"],
    "timeframe": "1h",
    "ema_period": 9,
    "atr_period": 10,
    "multiplier": "3.7",
}
METHODS = ("get", "post", "put", "patch", "delete")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def example_of(body: dict[str, Any]) -> Any:
    if "examples" in body:
        return next(iter(body["examples"].values()))["value"]
    return body.get("example")


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each body with a schema: the request's, and every answer's that is JSON."""
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media_type}", body
    for status, response in operation["responses"].items():
        for media_type, body in response.get("content", {}).items():
            if "json" in media_type:
                yield f"{status} {media_type}", body


def test_every_body_has_an_example_and_each_fits_its_schema(document):
    wrong = []
    for method, path, operation in operations(document):
        for name, body in bodies(operation):
            where = f"{method.upper()} {path} {name}"
            found = [one["value"] for one in body.get("examples", {}).values()]
            if "example" in body:
                found.append(body["example"])
            if not found:
                wrong.append(f"{where}: no example")
            schema = {**body["schema"], "components": document["components"]}
            validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
            wrong += [
                f"{where}: {error.json_path}: {error.message[:300]}"
                for example in found
                for error in validator.iter_errors(example)
            ]
    assert not wrong, "\n".join(wrong)


def test_an_example_for_an_operation_that_is_gone_is_noticed(document):
    known = {operation["operationId"] for _, _, operation in operations(document)}
    for app in Path("apps").glob("*/api/examples.json"):
        left = set(json.loads(app.read_text())) - known
        assert not left, f"{app}: {sorted(left)}"


@dataclass
class Caller:
    """Somebody who may do everything, just logged in with a second factor; and ids by the beginning of paths."""

    user: User
    client: APIClient
    ids: dict[str, str]


@pytest.fixture
def staff(user, question, bar_set, stripe_double) -> Caller:
    cache.clear()
    user.is_staff, user.name, user.email = True, "Ana Ferreira", "ana@example.com"
    user.save()
    user.emailaddress_set.update(email=user.email)
    user.user_permissions.add(Permission.objects.get(codename="can_manage_users"))
    device = enrol(user)
    challenge = _login(user, client_name="notebook").json()["challenge"]
    tokens = post("mfa/verify/", {"challenge": challenge, "code": code_of(device)}).json()
    return Caller(user, client_with(tokens["access"]), one_of_each(user, question, bar_set, stripe_double))


def one_of_each(
    user: User, question: BacktestRequest, bar_set: BarSet, stripe_double: StripeDouble
) -> dict[str, str]:
    """Make one thing of each kind; their ids."""
    workspace = workspace_of(user)
    subscribe(workspace, stripe_double, "enterprise", actor=user)
    bought = furnish_billing(workspace, actor=user)
    for symbol in ("AAPL", "MSFT", "GLD"):
        bars = io.BytesIO(wave_csv(1500))
        import_bars(workspace, symbol=symbol, file=bars, filename="bars.csv", actor=user)
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    case = add_case(formula, {"name": "Mine", "bars": [1], "signals": []}, actor=user)
    publish_formula(formula, actor=user)
    share = share_formula(formula, email="guest@example.com", level=ShareLevel.VIEW, actor=user)
    backtest, _ = submit_backtest(workspace, question, actor=user)
    second, _ = submit_backtest(workspace, BacktestRequest(text=SWEPT, bar_set=bar_set), actor=user)
    run_backtest(backtest.pk)
    run_backtest(second.pk)
    sweep_request = SweepRequest(text=SWEPT, bar_sets=(bar_set,), axes={"length": "3,5"})
    sweep, _ = submit_sweep(workspace, sweep_request, actor=user)
    walk_request = WalkForwardRequest(bar_set=bar_set, text=SWEPT, axes={"length": "3,5"})
    walk, _ = submit_walk_forward(workspace, walk_request, actor=user)
    legs = [LegRequest(bar_set, 0.5)]
    portfolio, _ = submit_portfolio(workspace, PortfolioRequest(legs=legs, name="Half"), actor=user)
    while work_next() is not None:
        pass
    team = create_team(name="Night desk", actor=user)
    member = Membership.objects.create(workspace=team, user=UserFactory(), role=Role.TRADER)
    invitation = invite(team, email="eva@example.org", role=Role.ANALYST, actor=user)
    alarm = create_alarm(workspace, {"name": "Bitcoin", "symbols": ["BTCUSDT"]}, person=user)
    source, _ = create_source(workspace, name="TradingView", actor=user)
    send_test_alert(source, actor=user)
    process_alerts()
    key, _ = create_api_key(workspace, name="notebook", actor=user)
    ApiRequest.objects.create(
        at=now(), method="GET", route="/api/v1/formulas/", status=200, milliseconds=3.2,
        bytes_sent=412, ip="203.0.113.7", request_id="0f9a", via="key", key_id=key.pk,
    )  # fmt: skip
    adjust_credits(workspace, 5, reason="Welcome", actor=user)
    ut_bot = create_ut_bot(workspace, UT_BOT | {"name": "Bitcoin", "source": source}, actor=user)
    alerted = Signal.objects.get()
    Signal.objects.update(payload={**alerted.payload, "formula": ut_bot.formula_hash})
    seal_signals()
    SignalOutcome.objects.create(
        signal=Signal.objects.get(), horizon_s=14_400, entry_price=45000.5, exit_price=45450.505,
        exit_at=now(), change=0.01, best=0.014, worst=-0.003, measured_at=now(),
    )  # fmt: skip
    contact = add_contact(user, channel="email", target="desk@example.com", actor=user, is_verified=True)
    steps = [{"channel": "email", "wait_s": 60}]
    ladder = save_ladder(user, name="Wake me", until="acknowledged", steps=steps, actor=user)
    endpoint, _ = add_webhook(
        user,
        url="https://8.8.8.8/hook",
        actor=user,
        workspace=workspace,
        options={"name": "Desk", "events": ["*"]},
    )
    told = {
        "title": "desk@example.com is switched off",
        "text": "It answered that it does not exist.",
        "facts": [["Last error", "550"]],
    }
    queue_notices([NewNotice(user.pk, CONTACT_DISABLED.name, "told", told, workspace_id=workspace.pk)])
    delivery = Delivery.objects.get(contact=endpoint)
    Delivery.objects.filter(pk=delivery.pk).update(
        status="failed", ended_at=now(), attempts=1, error="answered 500", provider="webhook"
    )
    tried = {"began_at": now(), "ended_at": now(), "outcome": "refused", "error": "answered 500"}
    delivery.trace.create(number=1, worker="w", provider="webhook", http_status=500, **tried)
    traded = furnish(workspace, bar_set.instrument, name="Desk", actor=user)
    at_exchange = furnish_exchange(workspace, name="Binance")
    found = {
        "billing/checkouts": bought.checkout,
        "billing/invoices": bought.invoice,
        "billing/payments": bought.payment,
        "trading/accounts": at_exchange.account,
        "trading/books": traded.book,
        "trading/discrepancies": at_exchange.discrepancy,
        "trading/kill-switches": traded.switch,
        "trading/orders": traded.order,
        "contacts": contact,
        "deliveries": delivery,
        "ladders": ladder,
        "notices": Notice.objects.get(key="told"),
        "webhook-endpoints": endpoint,
        "formulas": formula,
        "backtests": backtest,
        "sweeps": sweep,
        "walk-forwards": walk,
        "portfolios": portfolio,
        "alarms": alarm,
        "signals": Signal.objects.get(),
        "alert-sources": source,
        "alerts": source.alerts.get(),
        "ut-bots": ut_bot,
        "bars": bar_set,
        "feeds": feed_of_files(bar_set.instrument, actor=user),
        "bots": busy_bot(workspace, user, "Cross"),
        "instruments": bar_set.instrument,
        "workspaces": team,
        "api-keys": key,
        "users": UserFactory(name="Rui Costa", email="rui@example.com"),
        "journal": Entry.objects.filter(workspace_id=workspace.pk).first(),
    }
    ids = {f"/api/v1/{name}/": str(one.uuid) for name, one in found.items()}
    others = {
        "case": case,
        "share": share,
        "second run": second,
        "member": member,
        "invitation": invitation,
        "delivery": delivery,
    }
    return ids | {name: str(one.uuid) for name, one in others.items()}


def rank(item: tuple[str, str, dict[str, Any]]) -> tuple[int, str]:
    """What makes things first, then what reads, then what changes, then what ends them."""
    method, path, operation = item
    name = operation["operationId"]
    if name.startswith("erasure_"):  # once nobody else is left in the team
        return 7, {"erasure_create": "1", "erasure_list": "2"}.get(name, "3")
    if name.endswith("_create"):
        return 0, path
    if name.endswith(("_cancel", "_activate")):
        return 4, path
    if name in ("formula_restore_case", "workspace_close", "workspace_reopen"):
        return 6, path
    return {"get": 1, "post": 2, "patch": 3, "put": 3, "delete": 5}[method], path


def test_the_api_takes_and_answers_what_the_examples_show(document, staff):
    client, ids = staff.client, staff.ids
    made: dict[str, str] = {}
    recorded: dict[Path, dict[str, Any]] = {}
    wrong = []
    for method, path, operation in sorted(operations(document), key=rank):
        name = operation["operationId"]
        if name in APART or (name.startswith("auth_") and name != "auth_sessions_list"):
            continue
        cache.clear()
        start = next((start for start in ids if path.startswith(start)), "")
        spare = name.endswith(("_cancel", "_delete")) and path.count("{") == 1
        if name == "order_cancel":
            spare = False  # a new one on paper is filled at once
        target = made.get(start) if spare else None
        address = path.replace("{uuid}", target or ids.get(start, "") or made.get(start, ""))
        for part in ("case", "share", "member", "invitation", "delivery"):
            address = address.replace(f"{{{part}}}", ids[part])
        address = address.replace("{number}", "1")
        address = address.replace("{kind}", "tree").replace("{key}", templates()[0].key)
        address = address.replace("{what}", "trades.csv").replace("{meter}", "backtests")
        address = address.replace("{month}", f"{now():%Y-%m}")
        if name == "backtest_compare":
            address += f"?run={ids[start]}&run={ids['second run']}"
        if name == "trial_list":
            address += f"?lineage={Backtest.objects.get(uuid=ids['/api/v1/backtests/']).lineage}"
        if name == "export_get":
            address = path.replace("{uuid}", made["/api/v1/exports/"])
        if name == "formula_publish":
            text = f"{CROSS}exit short when close > 1000000\n"  # another formula with the same signals
            save_formula(Formula.objects.get(uuid=ids[start]), name="Mine", text=text, actor=staff.user)
        if name in ASKS:
            bring_to(Bot.objects.get(uuid=ids["/api/v1/bots/"]), ASKS[name], staff.user)
        if name == "billing_subscription_resume":
            cancel_subscription(ensure_personal_workspace(staff.user), actor=staff.user)
        if name == "formula_compare":
            address += "?old=1&new=draft"
        view = resolve(address.split("?")[0]).func
        module = getattr(view, "cls", None) or view.view_class
        content = operation.get("requestBody", {}).get("content", {})
        example = example_of(next(iter(content.values()))) if content else None
        answer = send(client, method, address, with_ids(example, ids), "multipart/form-data" in content)
        documented = operation["responses"]
        if str(answer.status_code) not in documented or answer.status_code >= 300:
            wrong.append(f"{method.upper()} {address}: {answer.status_code} {getattr(answer, 'data', '')}")
            continue
        if name.endswith("_create") and isinstance(answer.data, dict) and "uuid" in answer.data:
            made[path] = str(answer.data["uuid"])
        raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if "json" not in answer.get("Content-Type", "") or not raw:
            continue
        data = json.loads(raw)
        body = next(
            body for kind, body in documented[str(answer.status_code)]["content"].items() if "json" in kind
        )
        if WRITE:
            file = Path(str(modules[module.__module__].__file__)).with_name("examples.json")
            kept = examples_beside(module.__module__)
            if name in kept or example_of(body) is None:
                entry = {key: value for key, value in kept.get(name, {}).items() if key == "request"}
                recorded.setdefault(file, {})[name] = {**entry, "response": shortened(data, path)}
        elif members(data) != members(example_of(body)):
            wrong.append(
                f"{method.upper()} {address}: answers {members(data)}, shown {members(example_of(body))}"
            )
    for file, found in recorded.items():
        old = json.loads(file.read_text()) if file.exists() else {}
        text = json.dumps(dict(sorted((old | found).items())), indent=1, ensure_ascii=False)
        file.write_text(tamed(text) + "\n")
    assert not wrong, "\n".join(wrong)


def send(client: APIClient, method: str, address: str, body: Any, as_form: bool) -> Any:
    headers = {"If-Match": "*"}
    if as_form:
        file = io.BytesIO(body["file"].encode())
        file.name = "bars.csv"
        return client.post(address, {**body, "file": file}, format="multipart", headers=headers)
    return getattr(client, method)(address, body, format="json", headers=headers) if body is not None else getattr(
        client, method
    )(address, headers=headers)  # fmt: skip


def with_ids(example: Any, ids: dict[str, str]) -> Any:
    """The example, its ids those of things that are there."""
    if isinstance(example, list):
        return [with_ids(one, ids) for one in example]
    if not isinstance(example, dict):
        return example
    known = {"bar_set": ids["/api/v1/bars/"], "formula": ids["/api/v1/formulas/"]}
    known |= {"book": ids["/api/v1/trading/books/"], "instrument": ids["/api/v1/instruments/"]}
    known["pack"] = str(CreditPack.objects.get(code="small", currency="USD").uuid)
    known["price"] = str(other_price().uuid)
    known["shown_at"] = now().isoformat()
    if "account" in example:
        bot = Bot.objects.get(uuid=ids["/api/v1/bots/"])
        known |= {"feed": str(bot.feed.uuid), "account": str(bot.account.uuid)}
    if UUID.fullmatch(str(example.get("source", ""))):  # elsewhere it is a script
        known["source"] = ids["/api/v1/alert-sources/"]
    return {name: known.get(name) or with_ids(value, ids) for name, value in example.items()}


def other_price() -> PlanPrice:
    """One that the subscription could change to."""
    prices = PlanPrice.objects.filter(currency="USD", interval="month", is_active=True)
    return prices.exclude(pk__in=Subscription.objects.values("price")).order_by("amount").first()


def members(data: Any) -> Any:
    """Names of an object's members, and of those of the first thing in a list."""
    if isinstance(data, list):
        return [members(data[0])] if data else []
    if not isinstance(data, dict):
        return None
    if "results" in data and "next" in data:
        return {"results": members(data["results"]), **dict.fromkeys(data.keys() - {"results"})}
    return dict.fromkeys(sorted(data))


def shortened(data: Any, path: str, depth: int = 0) -> Any:
    """As much as shows what there is."""
    if isinstance(data, list):
        return [shortened(one, path, depth + 1) for one in data[: 2 if depth < 3 else 1]]
    if isinstance(data, dict):
        short = {name: shortened(value, path, depth + 1) for name, value in data.items()}
        if depth == 0 and {"next", "results"} <= short.keys():
            short["next"] = f"https://candlewright.example{path}?cursor=cD0xMjM%3D"
            short["results"] = short["results"][:1]
        if {"token", "url"} == short.keys() - {"source"}:
            short["token"] = "shown-once"
            short["url"] = "https://candlewright.example/hooks/tradingview/shown-once/"
        if depth > 4 and len(short) > 8:
            short = dict(list(short.items())[:8])
        return short
    return data


def tamed(text: str) -> str:
    """The same ids at every recording, and addresses of the double's pages as they are at Stripe."""
    seen: dict[str, str] = {}
    text = re.sub(
        r"http://127\.0\.0\.1:\d+/c/pay/\w+", "https://checkout.stripe.com/c/pay/cs_live_a1b2c3", text
    )
    text = re.sub(
        r"http://127\.0\.0\.1:\d+/p/session/\w+", "https://billing.stripe.com/p/session/live_a1b2c3", text
    )
    return UUID.sub(
        lambda m: seen.setdefault(m[0], str(uuid.uuid5(uuid.NAMESPACE_URL, f"example {len(seen)}"))), text
    )
