"""Capabilities, seats, webhook endpoints, prices and trials of the three plans; staff change them by new versions.

Everything that all workspaces could do so far becomes a capability of every plan.
"""

from django.db import migrations

BASE = [
    "can.write_formulas",
    "can.share_formulas",
    "can.import_data",
    "can.run_backtests",
    "can.run_bots",
    "can.receive_signals",
    "can.connect_accounts",
    "can.use_api",
    "can.manage_users",
]
SUMMARIES = {
    "free": "For trying ideas: write formulas, test them on real prices, run one bot on paper.",
    "pro": "For one trader or a small team with money in the market.",
    "enterprise": "For teams that run many bots, with priority and larger limits.",
}
LIMITS = {
    "free": {"seats": 5},
    "pro": {"seats": 5, "webhook_destinations": 5},
    "enterprise": {"seats": 25, "webhook_destinations": 50},
}
# Minor units: (month, year, one more seat a month); a year costs ten months.
PRICES = {
    "pro": {"USD": (2_900, 29_000, 900), "IDR": (44_900_000, 449_000_000, 13_900_000)},
    "enterprise": {"USD": (19_900, 199_000, 1_900), "IDR": (299_000_000, 2_990_000_000, 29_000_000)},
}
TRIALS = {"pro": (14, 200)}
PACKS = [
    # code, credits, {currency: minor units}
    ("small", 500, {"USD": 500, "IDR": 7_900_000}),
    ("medium", 2_000, {"USD": 1_800, "IDR": 28_900_000}),
    ("large", 10_000, {"USD": 7_900, "IDR": 125_000_000}),
]


def give(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    PlanLimit = apps.get_model("billing", "PlanLimit")
    PlanPrice = apps.get_model("billing", "PlanPrice")
    CreditPack = apps.get_model("billing", "CreditPack")
    for plan in Plan.objects.filter(is_current=True):
        plan.capabilities = [*BASE, *(name for name in plan.capabilities if name not in BASE)]
        plan.summary = plan.summary or SUMMARIES.get(plan.code, "")
        plan.trial_days, plan.trial_credits = TRIALS.get(plan.code, (0, 0))
        plan.save(update_fields=["capabilities", "summary", "trial_days", "trial_credits"])
        for meter, amount in LIMITS.get(plan.code, {"seats": None}).items():
            PlanLimit.objects.get_or_create(
                plan=plan, meter=meter, defaults={"amount": amount, "period": "total"}
            )
        for currency, (month, year, seat) in PRICES.get(plan.code, {}).items():
            PlanPrice.objects.create(
                plan=plan, currency=currency, interval="month", amount=month, seat_amount=seat
            )
            PlanPrice.objects.create(
                plan=plan, currency=currency, interval="year", amount=year, seat_amount=seat * 10
            )
    for code, amount_of_credits, prices in PACKS:
        for currency, amount in prices.items():
            CreditPack.objects.get_or_create(
                code=code, currency=currency, defaults={"credits": amount_of_credits, "amount": amount}
            )


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_orders")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
