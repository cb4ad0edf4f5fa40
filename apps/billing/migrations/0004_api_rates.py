"""Requests a minute that each plan gives a person; staff edit them in the admin."""

from django.db import migrations, models

RATES = {"free": 100, "pro": 300, "enterprise": 1000}


def add_rates(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    PlanLimit = apps.get_model("billing", "PlanLimit")
    for plan in Plan.objects.filter(code__in=RATES):
        PlanLimit.objects.get_or_create(
            plan=plan, meter="api_requests", defaults={"amount": RATES[plan.code], "period": "minute"}
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_plan_requires_mfa")]
    operations = [
        migrations.AlterField(
            model_name="planlimit",
            name="period",
            field=models.CharField(
                choices=[("minute", "Minute"), ("day", "Day"), ("month", "Month"), ("total", "At any time")],
                max_length=10,
            ),
        ),
        migrations.RunPython(add_rates, migrations.RunPython.noop),
    ]
