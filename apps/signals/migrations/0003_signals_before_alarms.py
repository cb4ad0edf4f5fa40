from django.db import migrations


class Migration(migrations.Migration):
    """Signals that came before there were alarms are not looked at again."""

    dependencies = [("signals", "0002_alarms")]

    operations = [
        migrations.RunSQL(
            "UPDATE signals_signal SET status = 'unmatched' WHERE status = 'validated'",
            "UPDATE signals_signal SET status = 'validated'",
        )
    ]
