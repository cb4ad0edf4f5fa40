"""The plans side by side, usage and caps, and what is offered where a plan is too small."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.test import Client

from apps.accounts.models import Membership, Workspace
from apps.accounts.services import create_team
from apps.accounts.services.invitations import accept, invite
from apps.billing.errors import NotInPlan, QuotaExceeded
from apps.billing.models import MeterCap, Plan, UsageDay
from apps.billing.selectors import forget_terms
from apps.billing.services import change_plan, reserve
from apps.markets.models import Instrument
from apps.notifications.models import Delivery
from apps.notifications.rules.events import CONTACT_DISABLED
from apps.notifications.services import NewNotice, add_webhook, queue_notices
from apps.trading.errors import OrderRefused
from apps.trading.models import Book
from apps.trading.services import open_book, place_order
from tests.factories import UserFactory, workspace_of
from tests.trading.furnish import furnish_exchange


@pytest.fixture
def free(user, workspace) -> Workspace:
    change_plan(workspace, "free", actor=None)
    return workspace


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_stranger_compares_and_signs_up(db):
    answer = Client().get("/plans/")
    text = words(answer)
    assert answer.status_code == 200
    for expected in ("USD 29.00 a month", "USD 199.00", "USD 9.00", "50 a month", "unlimited", "1 a day"):
        assert expected in text, expected
    assert "Copy trades" not in text, "a room that is not built yet"
    assert "/accounts/signup/" in answer.content.decode()


def test_years_and_rupiah(db):
    text = words(Client().get("/plans/?interval=year&currency=IDR"))
    assert "IDR 4 490 000 a year" in text
    assert "USD 29.00 a month" in words(Client().get("/plans/?interval=week&currency=XXX"))


def test_who_is_signed_in_sees_the_own_plan_and_the_way_to_another(web, free):
    page = web.get("/plans/").content.decode()
    assert "Yours" in page
    assert "/settings/workspace/billing/plan/?price=" in page
    assert "/plans/pro/trial/" in page
    assert "/plans/enterprise/trial/" not in page


def test_a_trial_by_page_and_the_second_one_refused(web, free):
    assert web.post("/plans/pro/trial/").status_code == 302
    free.refresh_from_db()
    assert free.plan_code == "pro"
    assert "on trial until" in words(web.get("/settings/workspace/usage/"))
    refused = web.post("/plans/pro/trial/")
    assert refused.status_code == 409
    assert "subscription already" in words(refused)


def test_members_who_do_not_pay_see_no_doors(user, workspace):
    member = UserFactory()
    Membership.objects.create(workspace=workspace, user=member, role="trader")
    client = Client()
    client.force_login(member)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    page = client.get("/plans/").content.decode()
    assert "/trial/" not in page
    assert "owner chooses the plan" in page
    usage = client.get("/settings/workspace/usage/")
    assert usage.status_code == 200
    assert 'name="hard"' not in usage.content.decode()
    assert client.post("/settings/workspace/usage/", {"meter": "bots"}).status_code == 403


def test_usage_says_what_is_left_and_when_it_starts_again(web, workspace, user):
    reserve(workspace, "backtests", key="a")
    UsageDay.objects.create(workspace=workspace, meter="backtests", day="2000-01-01", amount=9)
    text = words(web.get("/settings/workspace/usage/"))
    assert re.search(r"Backtests this month.*1 of 50 used.*49 left.*Starts again on 1 ", text)
    assert "Seats" in text
    assert "Nothing was counted yet" in text  # that was long ago


def test_caps_by_page(web, workspace):
    page = "/settings/workspace/usage/"
    assert web.post(page, {"meter": "bots", "soft": "2", "hard": "3"}).status_code == 302
    cap = MeterCap.objects.get(workspace=workspace)
    assert (cap.meter, cap.soft, cap.hard) == ("bots", 2, 3)
    assert "Stops at 3, told at 2" in words(web.get(page))
    wrong = web.post(page, {"meter": "bots", "soft": "5", "hard": "3"})
    assert wrong.status_code == 422
    assert "make the first the smaller" in words(wrong)
    assert web.post(page, {"meter": "bots", "soft": "", "hard": ""}).status_code == 302
    assert not MeterCap.objects.exists()


def test_webhooks_show_an_upgrade_instead_of_a_dead_end(web, free):
    page = web.get("/settings/workspace/webhooks/").content.decode()
    assert 'data-upgrade="can.send_webhooks"' in page
    assert "part of Pro and Enterprise" in page
    assert "/settings/workspace/webhooks/new/" not in page
    refused = web.get("/settings/workspace/webhooks/new/")
    assert refused.status_code == 402
    assert 'href="/plans/"' in refused.content.decode()
    change_plan(free, "pro", actor=None)
    page = web.get("/settings/workspace/webhooks/").content.decode()
    assert "data-upgrade" not in page
    assert "/settings/workspace/webhooks/new/" in page


def test_staff_may_take_a_capability_out_of_a_plan(api, workspace):
    assert api.post("/api/v1/formulas/", {"name": "x"}, format="json").status_code != 402
    Plan.objects.filter(code="pro").update(capabilities=["can.use_api"])
    forget_terms()
    refused = api.post("/api/v1/formulas/", {"name": "x"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (402, "not_in_plan")
    assert refused.json()["options"][0] == {"plan": "free", "name": "Free"}
    assert api.get("/api/v1/formulas/").status_code == 200


def test_seats_end_at_the_plan_and_are_free_again(user):
    team = create_team(name="Team", actor=user)
    people = [UserFactory() for _ in range(5)]
    asked = [invite(team, email=one.email, role="viewer", actor=user) for one in people]
    for one, invitation in zip(people[:4], asked, strict=False):
        accept(invitation, actor=one)
    with pytest.raises(QuotaExceeded) as caught:
        accept(asked[4], actor=people[4])
    assert caught.value.extra["limit"] == 5
    with pytest.raises(QuotaExceeded):
        invite(team, email="sixth@example.org", role="viewer", actor=user)
    Membership.objects.get(workspace=team, user=people[0]).delete()
    accept(asked[4], actor=people[4])
    assert team.memberships.count() == 5


def test_webhook_endpoints_end_at_the_plan(user, workspace):
    for number in range(5):
        add_webhook(user, url=f"https://8.8.8.8/{number}", actor=user, workspace=workspace)
    with pytest.raises(QuotaExceeded):
        add_webhook(user, url="https://8.8.8.8/6", actor=user, workspace=workspace)
    other = UserFactory()
    with pytest.raises(NotInPlan):
        add_webhook(other, url="https://8.8.8.8/", actor=other, workspace=workspace_of(other, "free"))


def test_by_api(api, workspace):
    plans = {row["code"]: row for row in api.get("/api/v1/plans/").json()}
    assert list(plans) == ["free", "pro", "enterprise"]
    assert {"meter": "bots", "amount": None, "period": "total"} in plans["enterprise"]["limits"]
    month = next(p for p in plans["pro"]["prices"] if (p["currency"], p["interval"]) == ("USD", "month"))
    assert (month["amount"], month["seat_amount"]) == (2900, 900)
    assert "can.copy_trade" not in plans["pro"]["capabilities"]
    reserve(workspace, "backtests", key="a")
    usage = api.get("/api/v1/usage/").json()
    assert (usage["plan"], usage["version"], usage["requests_per_minute"]) == ("pro", 1, 300)
    meters = {row["meter"]: row for row in usage["meters"]}
    assert (meters["backtests"]["used"], meters["backtests"]["left"]) == (1, 49)
    set_ = api.put("/api/v1/caps/backtests/", {"soft": 1, "hard": 2}, format="json")
    assert (set_.status_code, set_.json()) == (200, {"meter": "backtests", "soft": 1, "hard": 2})
    assert api.put("/api/v1/caps/backtests/", {"soft": 3, "hard": 2}, format="json").status_code == 422
    assert api.put("/api/v1/caps/satellites/", {"soft": 1, "hard": 2}, format="json").status_code == 404
    caps = {row["meter"]: row for row in api.get("/api/v1/caps/").json()}
    assert caps["backtests"]["hard"] == 2
    assert set(caps) == {"backtests", "bots", "credits", "seats", "webhook_destinations"}
    assert api.delete("/api/v1/caps/backtests/").status_code == 204
    assert not MeterCap.objects.exists()


def test_a_trial_by_api(api, free):
    begun = api.post("/api/v1/plans/pro/trial/")
    assert (begun.status_code, begun.json()["plan"], begun.json()["status"]) == (201, "pro", "trialing")
    again = api.post("/api/v1/plans/pro/trial/")
    assert (again.status_code, again.json()["code"]) == (409, "trial_refused")


def test_endpoints_wait_while_the_plan_has_no_webhooks(user, workspace):
    """They stay after a change to a smaller plan, hear nothing, and hear again after one back."""
    add_webhook(user, url="https://8.8.8.8/", actor=user, workspace=workspace, options={"events": ["*"]})

    def heard(key: str) -> bool:
        told = NewNotice(user.pk, CONTACT_DISABLED.name, key, {"title": "x"}, workspace_id=workspace.pk)
        queue_notices([told])
        return Delivery.objects.filter(notice__key=key, channel="webhook").exists()

    assert heard("one")
    change_plan(workspace, "free", actor=None)
    assert not heard("two")
    change_plan(workspace, "pro", actor=None)
    assert heard("three")


def test_a_plan_without_live_trading_opens_nothing_by_hand_and_closes_everything(workspace, user):
    account = furnish_exchange(workspace, name="Mine").account
    instrument = Instrument.objects.create(
        workspace=workspace, symbol="BTC/USDT", name="Bitcoin", asset_class="crypto", currency="USDT"
    )
    book = open_book(account, name="Mine", capital=Decimal(100), price_source="x", actor=user)
    change_plan(workspace, "free", actor=None)
    book = Book.objects.get(pk=book.pk)
    asked = {"side": "sell", "units": Decimal(1), "actor": user}
    with pytest.raises(NotInPlan) as caught:
        place_order(book, instrument, **asked)
    assert caught.value.extra["capability"] == "can.trade_live"
    with pytest.raises(OrderRefused):  # there is no position; the plan is not what stands against it
        place_order(book, instrument, reduce_only=True, **asked)
