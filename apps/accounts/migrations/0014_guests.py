from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_saved_views")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="is_guest",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Stands for visitors of the demo: nobody, so no member and no seat.",
            ),
        ),
    ]
