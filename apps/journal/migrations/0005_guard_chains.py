"""The old columns go, and the database itself refuses to change, remove or empty what was recorded."""

from django.db import migrations

GUARDS = """
DROP TABLE journal_conversion;
CREATE FUNCTION journal_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF COALESCE(current_setting('journal.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION 'the journal is never emptied (TRUNCATE on %)', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION journal_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'personal parts of the journal may be erased, never changed';
END $$;
CREATE TRIGGER journal_personalpart_no_edit BEFORE UPDATE ON journal_personalpart
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_edit();
""" + "".join(
    f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
"""
    for table in ("journal_entry", "journal_seal", "journal_checkpoint")
) + "".join(
    f"""
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse_truncate();
"""
    for table in ("journal_entry", "journal_personalpart", "journal_seal", "journal_checkpoint")
)


class Migration(migrations.Migration):
    dependencies = [("journal", "0004_convert_entries")]
    operations = [
        migrations.RemoveField(model_name="entry", name="actor_label"),
        migrations.RemoveField(model_name="entry", name="ip"),
        migrations.RunSQL(GUARDS),
    ]
