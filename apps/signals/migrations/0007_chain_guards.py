"""The database itself refuses to change a link or a day of the chain, and to remove one whose workspace stays."""

from django.db import migrations

# A link is deleted before its chain, and that before its workspace, so the checks wait for the end of the transaction.
FUNCTIONS = """
CREATE FUNCTION signals_refuse_chain_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the chain of signals is only ever added to (% on %)', TG_OP, TG_TABLE_NAME;
END $$;
CREATE FUNCTION signals_refuse_chain_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM signals_signalchain WHERE id = OLD.chain_id) THEN
        RAISE EXCEPTION 'links and days of a chain are removed only with their workspace';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION signals_refuse_chain_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts_workspace WHERE id = OLD.workspace_id) THEN
        RAISE EXCEPTION 'a chain of signals is removed only with its workspace';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION signals_refuse_chain_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.public_key <> OLD.public_key OR NEW.workspace_id <> OLD.workspace_id THEN
        RAISE EXCEPTION 'a chain of signals keeps its key and its workspace';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION signals_refuse_chain_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF COALESCE(current_setting('journal.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION 'the chain of signals is never emptied (TRUNCATE on %)', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER signals_chain_key BEFORE UPDATE ON signals_signalchain
    FOR EACH ROW EXECUTE FUNCTION signals_refuse_chain_key();
CREATE CONSTRAINT TRIGGER signals_chain_stays AFTER DELETE ON signals_signalchain
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION signals_refuse_chain_end();
"""
TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION signals_refuse_chain_change();
CREATE CONSTRAINT TRIGGER {table}_stays AFTER DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION signals_refuse_chain_removal();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION signals_refuse_chain_truncate();
"""
    for table in ("signals_signallink", "signals_signalday")
)
UNDO = """
DROP TRIGGER signals_chain_key ON signals_signalchain;
DROP TRIGGER signals_chain_stays ON signals_signalchain;
""" + "".join(
    f"""
DROP TRIGGER {table}_append_only ON {table};
DROP TRIGGER {table}_stays ON {table};
DROP TRIGGER {table}_no_truncate ON {table};
"""
    for table in ("signals_signallink", "signals_signalday")
) + """
DROP FUNCTION signals_refuse_chain_change;
DROP FUNCTION signals_refuse_chain_removal;
DROP FUNCTION signals_refuse_chain_end;
DROP FUNCTION signals_refuse_chain_key;
DROP FUNCTION signals_refuse_chain_truncate;
"""


class Migration(migrations.Migration):
    dependencies = [("signals", "0006_outcomes_chain_ut_bots"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO)]
