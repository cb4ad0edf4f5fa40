from django.db import migrations

# Codes that people write and that ISO 3166-1 has under others: a buyer's taxes and invoice numbers go by it.
MEANT = {"UK": "GB", "EL": "GR"}


def mend(apps, schema_editor):
    profiles = apps.get_model("billing", "BillingProfile").objects
    rates = apps.get_model("billing", "TaxRate").objects
    for written, code in MEANT.items():
        profiles.filter(country=written).update(country=code)
        if not rates.filter(country=code, is_active=True).exists():
            rates.filter(country=written).update(country=code)


class Migration(migrations.Migration):
    dependencies = [("billing", "0011_what_plans_give")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
