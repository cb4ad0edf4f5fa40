"""The database itself refuses to change or remove what was tried."""

from django.db import migrations

GUARD = """
CREATE FUNCTION backtests_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trial ledger is only ever added to (% on %)', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER backtests_trial_append_only BEFORE UPDATE OR DELETE ON backtests_trial
    FOR EACH ROW EXECUTE FUNCTION backtests_refuse_change();
"""
UNDO = """
DROP TRIGGER backtests_trial_append_only ON backtests_trial;
DROP FUNCTION backtests_refuse_change;
"""


class Migration(migrations.Migration):
    dependencies = [("backtests", "0003_research")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
