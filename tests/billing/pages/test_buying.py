"""From the choice of a plan to its end, page by page, and the same by program; paid at the double of Stripe."""

from __future__ import annotations

import re

import pytest

from apps.billing.models import Checkout, CreditPack, Invoice, Payment, PlanPrice, Subscription
from apps.billing.selectors.credits import available_of
from apps.journal.models import Entry
from tests.billing.stripe.conftest import deliver, prices, settle  # noqa: F401
from tests.factories import workspace_of

BASE = "/settings/workspace/billing/"
API = "/api/v1/billing/"


@pytest.fixture
def workspace(user):
    return workspace_of(user, "free")


@pytest.fixture
def sold(prices, stripe_double):  # noqa: F811
    return prices


def choose(web, price, **more):
    return web.post(f"{BASE}plan/", {"price": str(price.uuid), "gateway": "stripe", **more})


def buy(web, price, stripe_double, **more):
    """Choose and pay; the page one comes back to."""
    answer = choose(web, price, **more)
    assert answer.status_code == 302, answer.context["form"].errors
    checkout = Checkout.objects.latest("id")
    assert answer["Location"] == f"{BASE}checkouts/{checkout.uuid}/?go=1"
    stripe_double.pay(checkout.external_id)
    return f"{BASE}checkouts/{checkout.uuid}/?back=paid"


def test_a_plan_is_chosen_paid_and_there_without_waiting_for_the_webhook(
    web,
    workspace,
    sold,
    stripe_double,
    settle,  # noqa: F811
):
    page = web.get(f"{BASE}plan/?plan=pro&interval=year")
    assert page.context["chosen"] == str(sold["pro-year"].uuid)
    answer = choose(web, sold["pro-month"], seats="4")
    leaving = web.get(answer["Location"]).content.decode()
    checkout = Checkout.objects.get()
    assert f"0;url={checkout.url}" in leaving.replace("&amp;", "&")
    assert checkout.amount == 2900 + 900
    back = f"{BASE}checkouts/{checkout.uuid}/"
    assert "Nothing was paid" in web.get(f"{back}?back=left").content.decode()
    waiting = web.get(f"{back}?back=paid").content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    stripe_double.pay(checkout.external_id)
    assert "The workspace is on Pro" in web.get(f"{back}?back=paid").content.decode()
    workspace.refresh_from_db()
    assert workspace.plan_code == "pro"
    settle()
    overview = web.get(BASE)
    assert overview.context["amount"] == 3800
    assert "USD\u00a038.00" in overview.content.decode()
    assert Invoice.objects.get().number in overview.content.decode()
    assert choose(web, sold["pro-year"], gateway="").status_code == 302, "a change asks for no gateway"


def test_a_change_shows_its_cost_and_costs_that(web, workspace, sold, stripe_double, settle):  # noqa: F811
    web.get(buy(web, sold["pro-month"], stripe_double))
    settle()
    answer = choose(web, sold["enterprise-month"])
    assert answer["Location"].startswith(f"{BASE}plan/confirm/?price={sold['enterprise-month'].uuid}")
    page = web.get(answer["Location"])
    due = page.context["preview"].due_now
    assert 16_900 <= due <= 17_000
    shown_at = re.search(r'name="shown_at" value="([^"]+)"', page.content.decode())[1]
    sent = {"price": str(sold["enterprise-month"].uuid), "seats": "", "shown_at": shown_at}
    assert web.post(f"{BASE}plan/confirm/", sent)["Location"] == BASE
    workspace.refresh_from_db()
    assert workspace.plan_code == "enterprise"
    assert Payment.objects.latest("id").amount == pytest.approx(due, abs=1)
    pro = sold["pro-month"].plan
    pro.capabilities = [one for one in pro.capabilities if one != "can.trade_live"]
    pro.save()
    down = web.get(f"{BASE}plan/confirm/?price={sold['pro-month'].uuid}").content.decode()
    assert "can no longer do" in down
    assert "Live trading. Nothing is deleted." in " ".join(down.split()), "and none of what is not built yet"
    assert "Kept for later invoices" in down
    assert web.post(f"{BASE}plan/confirm/", sent | {"shown_at": "now"})["Location"] == f"{BASE}plan/"


def test_cancelled_with_a_reason_and_kept_after_all(web, user, workspace, sold, stripe_double, settle):  # noqa: F811
    web.get(buy(web, sold["pro-month"], stripe_double))
    settle()
    assert "which is paid, and then ends" in web.get(f"{BASE}cancel/").content.decode()
    web.post(f"{BASE}cancel/", {"reason": "Too dear"})
    subscription = Subscription.objects.get()
    assert (subscription.cancel_at_period_end, subscription.cancel_reason) == (True, "Too dear")
    assert "Keep the plan" in web.get(BASE).content.decode()
    web.post(f"{BASE}resume/")
    subscription.refresh_from_db()
    assert not subscription.cancel_at_period_end
    assert web.get(f"{BASE}cancel/").status_code == 200
    assert stripe_double.url in web.post(f"{BASE}portal/").content.decode()
    actions = set(Entry.objects.filter(actor_id=user.pk).values_list("action", flat=True))
    assert {"billing.subscription.cancel_asked", "billing.subscription.resume_asked"} <= actions


def test_credits_are_bought(web, workspace, sold, stripe_double, settle):  # noqa: F811
    pack = CreditPack.objects.get_or_create(
        code="thousand", currency="USD", defaults={"credits": 1000, "amount": 1000}
    )[0]
    before = available_of(workspace)
    page = web.get(f"{BASE}credits/")
    assert pack in page.context["packs"]
    web.post(f"{BASE}credits/", {"pack": str(pack.uuid), "gateway": "stripe"})
    checkout = Checkout.objects.get()
    stripe_double.pay(checkout.external_id)
    page = web.get(f"{BASE}checkouts/{checkout.uuid}/?back=paid").content.decode()
    assert "The credits are in your balance" in page
    settle()
    assert available_of(workspace) == before + pack.credits


def test_what_is_wrong_is_said_where_it_is(web, workspace, sold, stripe_double):
    assert choose(web, sold["pro-month"], coupon="NOTHING").context["form"].errors["coupon"]
    assert choose(web, sold["pro-month"], gateway="paypal").context["form"].errors["gateway"]
    assert web.post(f"{BASE}plan/", {"gateway": "stripe"}).context["form"].errors["price"] == [
        "Choose a plan."
    ]
    stripe_double.outage(20)
    page = choose(web, sold["pro-month"])
    assert page.status_code == 422
    assert page.context["form"].non_field_errors()
    assert not Checkout.objects.filter(status="open").exists()
    assert web.post(f"{BASE}cancel/").status_code == 302


def test_only_the_owner_pays(web, api, workspace, stranger, sold):
    foreign = Checkout.objects.create(
        workspace=workspace_of(stranger),
        gateway="stripe",
        purpose="plan",
        price=sold["pro-month"],
        currency="USD",
        amount=2900,
        expires_at="2999-01-01T00:00:00Z",
    )
    assert web.get(f"{BASE}checkouts/{foreign.uuid}/").status_code == 404
    assert api.get(f"{API}checkouts/{foreign.uuid}/").status_code == 404


def test_the_same_by_program(api, workspace, sold, stripe_double, settle):  # noqa: F811
    prices = {row["uuid"]: row for row in api.get(f"{API}prices/").json()["results"]}  # noqa: F811
    price = sold["pro-month"]
    assert prices[str(price.uuid)]["amount"] == 2900
    assert api.post(f"{API}checkouts/", {"gateway": "stripe"}, format="json").status_code == 400
    made = api.post(f"{API}checkouts/", {"gateway": "stripe", "price": str(price.uuid)}, format="json")
    assert (made.status_code, made.json()["status"]) == (201, "open")
    stripe_double.pay(Checkout.objects.get().external_id)
    checkout = f"{API}checkouts/{made.json()['uuid']}/"
    assert api.post(f"{checkout}refresh/").json()["status"] == "complete"
    settle()
    found = api.get(f"{API}subscription/").json()
    assert (found["plan"], found["subscription"]["status"]) == ("pro", "active")
    larger = {"price": str(sold["enterprise-month"].uuid)}
    preview = api.post(f"{API}subscription/preview/", larger, format="json").json()
    assert preview["next_amount"] == 19_900
    changed = api.post(
        f"{API}subscription/change/", larger | {"shown_at": preview["asked_at"]}, format="json"
    )
    assert changed.json()["plan"] == "enterprise"
    again = api.post(f"{API}subscription/change/", larger | {"shown_at": preview["asked_at"]}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "billing_refused")
    assert api.post(f"{API}subscription/cancel/", {}, format="json").json()["cancel_at_period_end"] is True
    assert api.post(f"{API}subscription/resume/").json()["cancel_at_period_end"] is False
    assert api.post(f"{API}subscription/portal/").json()["url"].startswith(stripe_double.url)
    payment = api.get(f"{API}payments/").json()["results"][0]
    assert api.get(f"{API}payments/{payment['uuid']}/status/").json()["status"] == "succeeded"
    assert PlanPrice.objects.filter(uuid=found["subscription"]["price"]["uuid"], amount=2900).exists()
