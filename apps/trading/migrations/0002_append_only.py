"""The database itself refuses to change an intent, an event, a fill or a cash entry, or to remove one whose book stays."""

from django.db import migrations

# table: how a row leads to its book
TABLES = {
    "trading_intent": "OLD.book_id",
    "trading_fill": "OLD.book_id",
    "trading_cashentry": "OLD.book_id",
    "trading_orderevent": "(SELECT book_id FROM trading_order WHERE id = OLD.order_id)",
}
CHANGE = """
CREATE FUNCTION trading_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was traded is only ever added to (% on %)', TG_OP, TG_TABLE_NAME;
END $$;
CREATE FUNCTION trading_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF COALESCE(current_setting('journal.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION 'what was traded is never emptied (TRUNCATE on %)', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
"""
# Rows go before their book in the same transaction, so the check waits for its end.
TRIGGERS = "".join(
    f"""
CREATE FUNCTION {table}_refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM trading_book WHERE id = {book}) THEN
        RAISE EXCEPTION 'what was traded is removed only with its book (% on %)', TG_OP, TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION trading_refuse_change();
CREATE CONSTRAINT TRIGGER {table}_stays AFTER DELETE ON {table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {table}_refuse_removal();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION trading_refuse_truncate();
"""  # noqa: S608  names of our own tables
    for table, book in TABLES.items()
)
UNDO = (
    "".join(
        f"""
DROP TRIGGER {table}_append_only ON {table};
DROP TRIGGER {table}_stays ON {table};
DROP TRIGGER {table}_no_truncate ON {table};
DROP FUNCTION {table}_refuse_removal;
"""
        for table in TABLES
    )
    + """
DROP FUNCTION trading_refuse_change;
DROP FUNCTION trading_refuse_truncate;
"""
)


class Migration(migrations.Migration):
    dependencies = [("trading", "0001_initial")]
    operations = [migrations.RunSQL(CHANGE + TRIGGERS, UNDO)]
