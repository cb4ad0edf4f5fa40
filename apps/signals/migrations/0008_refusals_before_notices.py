from django.db import migrations


class Migration(migrations.Migration):
    """Of what was refused before anybody was told of it, nobody is told now."""

    dependencies = [("signals", "0007_chain_guards")]

    operations = [
        migrations.RunSQL(
            "UPDATE signals_alert SET processed_at = received_at WHERE status = 'rejected' AND processed_at IS NULL",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "UPDATE signals_securityevent SET recorded_at = minute WHERE recorded_at IS NULL",
            migrations.RunSQL.noop,
        ),
    ]
