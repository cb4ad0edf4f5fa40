"""What cohorts remember is written at each bar, and numbers hardly compress: they are stored as they are."""

from django.db import migrations

COLUMNS = ("decisions", "accounts", "delayed")


def _storage(kind: str) -> str:
    return "; ".join(f"ALTER TABLE bots_cohort ALTER COLUMN {column} SET STORAGE {kind}" for column in COLUMNS)


class Migration(migrations.Migration):
    dependencies = [("bots", "0001_initial")]

    operations = [migrations.RunSQL(_storage("EXTERNAL"), _storage("EXTENDED"))]
