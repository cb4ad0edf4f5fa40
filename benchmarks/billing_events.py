"""Webhooks of Stripe from their receipt to the state they lead to: a burst of a thousand, doubled and shuffled.

The double of Stripe, the web process, a Celery worker and both databases share the machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

WORKSPACES = 90
GOAL_S = 60.0
KEY = "sk_test_" + "b" * 24
SECRET = "whsec_benchmark"  # noqa: S105


def measure_events(web: str, double: Any, workspaces: int = WORKSPACES) -> dict[str, float]:
    """Seconds from receipt to done (median, 99 of 100, all), the answer's, and how many events there were.

    Each workspace buys a plan; then everything that Stripe tells of it comes at once. Raises AssertionError when a
    workspace is not on its plan afterwards.
    """
    from django.utils import timezone

    from apps.accounts.models import User, Workspace
    from apps.accounts.services import ensure_personal_workspace
    from apps.billing.gateways.stripe import catalogue
    from apps.billing.models import GatewayEvent, Payment, Plan, PlanPrice
    from deploy.sandbox.stripe import customers, subscriptions

    plan = Plan.objects.get(code="pro", is_current=True)
    price, _ = PlanPrice.objects.get_or_create(
        plan=plan, currency="USD", interval="month", defaults={"amount": 2900}
    )
    external = catalogue.price_id(price)
    people = [User.objects.create_user(f"payer{n}@bench.example") for n in range(workspaces)]
    mine = [ensure_personal_workspace(person) for person in people]
    double.take()
    with double.world.lock:
        for workspace in mine:
            marks = {"workspace": str(workspace.uuid)}
            customer = customers.create_customer(double.world, {"metadata": marks})
            customers.use_card(double.world, customer, customers.new_card(double.world, "4242424242424242"))
            given = {"customer": customer["id"], "items": [{"price": external}], "metadata": marks}
            subscriptions.create(double.world, given)
    told = len(double.deliverer.waiting)
    double.chaos(shuffle=True, double=True, seed=1)
    started = time.monotonic()
    double.listen(f"{web}/billing/webhooks/stripe/", SECRET)
    assert double.deliverer.wait_until_quiet(300), "the webhooks were not all taken"
    answered = time.monotonic() - started
    while GatewayEvent.objects.filter(done_at=None).exists():
        assert time.monotonic() - started < 600, "the events were not all worked off"
        time.sleep(0.2)
    rows = GatewayEvent.objects.values_list("received_at", "done_at")
    took = sorted((done - received).total_seconds() for received, done in rows)
    assert Workspace.objects.filter(pk__in=[one.pk for one in mine], plan_code="pro").count() == workspaces
    assert Payment.objects.filter(status="succeeded", made_at__lte=timezone.now()).count() == workspaces
    return {
        "told": told,
        "stored": len(took),
        "answered a second": 2 * told / answered,
        "median": took[len(took) // 2],
        "99 of 100": took[min(len(took) - 1, len(took) * 99 // 100)],
        "longest": took[-1],
    }


def measure() -> None:
    """Print the times and the goal. Starts servers if none are configured; works in a scratch database."""
    from benchmarks.measure import goal, heading
    from benchmarks.servers import databases, scratch_database, server
    from deploy.sandbox.stripe import StripeDouble

    heading("Webhooks of Stripe: a burst, doubled and shuffled")
    with databases() as environment, StripeDouble() as double:
        double.secret = SECRET
        os.environ.update(environment)
        os.environ |= {
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": double.url,
        }
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        import django

        django.setup()
        with scratch_database() as database:
            child = os.environ | {"DATABASE_URL": database, "LOG_LEVEL": "WARNING"}
            celery = [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker"]
            worker = subprocess.Popen([*celery, "--queues", "billing", "--concurrency", "2"], env=child)
            try:
                with server("config.asgi:application", child) as web:
                    took = measure_events(web, double)
            finally:
                worker.terminate()
                worker.wait(30)
    print(f"{took['told']:.0f} events sent twice, {took['stored']:.0f} of them about something of ours")
    print(f"{took['answered a second']:.0f} webhooks answered a second")
    for name in ("median", "longest"):
        print(f"{name:12}  {took[name]:6.1f} s")
    goal("99 of 100 are done after", took["99 of 100"], GOAL_S, " s")


if __name__ == "__main__":
    measure()
