from django.db import migrations, models


def copy_timezone(apps, schema_editor):
    """The zone of the instrument is the zone its bars were read in, until each set keeps its own."""
    for instrument in apps.get_model("markets", "Instrument").objects.exclude(timezone="UTC").iterator():
        instrument.bar_sets.update(timezone=instrument.timezone)


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_initial")]

    operations = [
        migrations.AddField("barset", "timezone", models.CharField(default="UTC", max_length=50)),
        migrations.RunPython(copy_timezone, migrations.RunPython.noop),
    ]
