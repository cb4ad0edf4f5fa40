"""How long each plan keeps signals and the raw text of alerts; staff edit it in the admin."""

from django.db import migrations, models

DAYS = {"free": (30, 7), "pro": (365, 90), "enterprise": (1825, 365)}


def set_days(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    for code, (signals, alerts) in DAYS.items():
        Plan.objects.filter(code=code).update(signal_days=signals, alert_days=alerts)


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_ledger_guards")]
    operations = [
        migrations.AddField(
            model_name="plan",
            name="signal_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="So long its workspaces keep signals and firings; empty: no end by the plan.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="alert_days",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="So long they keep the raw text of alerts; empty: no end by the plan.",
                null=True,
            ),
        ),
        migrations.RunPython(set_days, migrations.RunPython.noop),
    ]
