"""The three plans everyone starts with; staff edit them in the admin afterwards."""

from django.db import migrations

PLANS = [
    # code, name, rank, capabilities, {meter: (amount or None for unlimited, period)}
    ("free", "Free", 1, [], {"backtests": (1, "day"), "bots": (1, "total")}),
    (
        "pro",
        "Pro",
        2,
        ["can.trade_live", "can.send_webhooks", "can.publish_strategy", "can.copy_trade"],
        {"backtests": (50, "month"), "bots": (10, "total")},
    ),
    (
        "enterprise",
        "Enterprise",
        3,
        [
            "can.trade_live",
            "can.send_webhooks",
            "can.publish_strategy",
            "can.copy_trade",
            "can.stream_public",
            "can.manage_users",
            "can.use_sso",
        ],
        {"backtests": (None, "month"), "bots": (None, "total")},
    ),
]


def add_plans(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    PlanLimit = apps.get_model("billing", "PlanLimit")
    for code, name, rank, capabilities, limits in PLANS:
        plan = Plan.objects.create(code=code, name=name, rank=rank, capabilities=capabilities)
        for meter, (amount, period) in limits.items():
            PlanLimit.objects.create(plan=plan, meter=meter, amount=amount, period=period)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(add_plans, migrations.RunPython.noop)]
