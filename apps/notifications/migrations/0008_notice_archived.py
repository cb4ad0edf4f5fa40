from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_deliveries_point_at_notices")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="archived_at",
            field=models.DateTimeField(help_text="Since when its person has put it away.", null=True),
        ),
    ]
