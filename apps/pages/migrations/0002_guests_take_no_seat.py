from typing import Any

from django.db import migrations


def mark(apps: Any, schema_editor: Any) -> None:
    """The guest of a demo that was made before memberships told guests from members."""
    of_guests = apps.get_model("pages", "Guest").objects.values("membership")
    apps.get_model("accounts", "Membership").objects.filter(pk__in=of_guests).update(is_guest=True)


class Migration(migrations.Migration):
    dependencies = [("pages", "0001_first_run"), ("accounts", "0014_guests")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop, elidable=True)]
