# ruff: noqa: S608  names of columns are put together, no values
"""The database itself keeps the ledger: balances follow entries, nothing is changed, removed or out of balance.

The triggers run once a statement, however many rows it inserts, and look rows up by index: a hash join planned for ten
thousand rows would stay the plan for one.
"""

from django.db import migrations

KINDS = """CASE lt.kind
            WHEN 'grant' THEN e.debit = 'issued'
            WHEN 'hold' THEN e.credit = 'held'
            WHEN 'settle' THEN e.debit = 'held'
            WHEN 'release' THEN e.debit = 'held' AND e.credit = 'available'
            WHEN 'refund' THEN e.debit = 'spent'
            WHEN 'expire' THEN e.credit = 'expired'
            WHEN 'adjust' THEN e.debit = 'issued' OR e.credit = 'withdrawn'
            ELSE false END"""
INTO = "coalesce(sum(amount) FILTER (WHERE credit = '{0}'), 0)::bigint"
OUT_OF = "coalesce(sum(amount) FILTER (WHERE debit = '{0}'), 0)::bigint"
ACCOUNTS = ("available", "held", "spent", "expired", "withdrawn")
DELTAS = ",\n            ".join(
    f"{INTO.format(name)} - {OUT_OF.format(name)} AS {name}" for name in ACCOUNTS
)
BY_INDEX = "SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off"

APPLY = f"""
CREATE FUNCTION billing_ledger_apply() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
DECLARE
    changed bigint;
    named bigint;
    wrong bigint;
BEGIN
    -- All entries of each transaction, those of an earlier statement too: late ones would make another sum.
    WITH line AS MATERIALIZED (
        SELECT touched.id AS touched, lt.id, lt.workspace_id, lt.amount AS said, lt.change,
            e.bucket_id, e.debit, e.credit, e.amount, {KINDS} AS fitting
        FROM (SELECT DISTINCT transaction_id AS id FROM added) AS touched
        LEFT JOIN billing_ledgertransaction AS lt ON lt.id = touched.id
        LEFT JOIN billing_ledgerentry AS e ON e.transaction_id = touched.id
    ), delta AS (
        SELECT bucket_id, workspace_id, {OUT_OF.format("issued")} AS issued,
            {DELTAS}
        FROM line GROUP BY bucket_id, workspace_id
    ), moved AS (
        UPDATE billing_creditbucket AS b SET
            issued = b.issued + delta.issued,
            {", ".join(f"{name} = b.{name} + delta.{name}" for name in ACCOUNTS)}
        FROM delta
        WHERE b.id = delta.bucket_id AND b.workspace_id = delta.workspace_id
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM delta), (
        SELECT touched FROM line GROUP BY touched
        HAVING min(id) IS NULL OR sum(amount) <> min(said) OR NOT bool_and(fitting) OR min(change) <> sum(
            CASE WHEN credit = 'available' THEN amount WHEN debit = 'available' THEN -amount ELSE 0 END)
        LIMIT 1)
    INTO changed, named, wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the entries of ledger transaction % are not what it says', wrong USING ERRCODE = '23000';
    END IF;
    IF changed <> named THEN
        RAISE EXCEPTION 'a ledger entry names no bucket of its workspace' USING ERRCODE = '23000';
    END IF;

    IF EXISTS (SELECT FROM added WHERE debit IN ('held', 'spent')) THEN
        SELECT lt.id INTO wrong
        FROM (SELECT DISTINCT transaction_id AS id FROM added WHERE debit IN ('held', 'spent')) AS touched
        JOIN billing_ledgertransaction AS lt ON lt.id = touched.id
        LEFT JOIN billing_ledgertransaction AS h ON h.id = lt.hold_id AND h.kind = 'hold'
        WHERE h.id IS NULL OR h.workspace_id <> lt.workspace_id
            OR (lt.kind <> 'refund' AND h.amount <> lt.amount)
            OR EXISTS (
                SELECT FROM billing_ledgerentry AS e WHERE e.transaction_id = lt.id AND lt.kind <> 'refund'
                GROUP BY e.bucket_id
                HAVING sum(e.amount) <> coalesce((
                    SELECT sum(o.amount) FROM billing_ledgerentry AS o
                    WHERE o.transaction_id = h.id AND o.bucket_id = e.bucket_id), 0))
            OR (lt.kind = 'refund' AND EXISTS (
                SELECT FROM billing_ledgertransaction AS r
                JOIN billing_ledgerentry AS e ON e.transaction_id = r.id
                WHERE r.hold_id = h.id AND r.kind = 'refund'
                GROUP BY e.bucket_id
                HAVING sum(e.amount) > coalesce((
                    SELECT sum(o.amount) FROM billing_ledgertransaction AS s
                    JOIN billing_ledgerentry AS o ON o.transaction_id = s.id
                    WHERE s.hold_id = h.id AND s.kind IN ('settle', 'release')
                        AND o.bucket_id = e.bucket_id AND o.credit = 'spent'), 0)))
        LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'ledger transaction % does not fit what was held', wrong USING ERRCODE = '23000';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_ledgerentry_apply AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_apply();
"""

GUARDS = f"""
CREATE FUNCTION billing_ledger_filled() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        WHERE NOT EXISTS (SELECT FROM billing_ledgerentry AS e WHERE e.transaction_id = added.id)
    ) THEN
        RAISE EXCEPTION 'a ledger transaction is inserted in one statement with its entries' USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_ledgertransaction_filled AFTER INSERT ON billing_ledgertransaction
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_ledger_filled();

CREATE FUNCTION billing_bucket_begins_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added WHERE issued <> 0) THEN
        RAISE EXCEPTION 'a bucket of credits begins empty; entries fill it' USING ERRCODE = '23000';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_creditbucket_empty AFTER INSERT ON billing_creditbucket
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION billing_bucket_begins_empty();

CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger of credits is only ever added to (% on %)', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23000';
END $$;
CREATE TRIGGER billing_ledgerentry_append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER billing_ledgertransaction_append_only BEFORE UPDATE OR DELETE ON billing_ledgertransaction
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
CREATE TRIGGER billing_creditbucket_never_removed BEFORE DELETE ON billing_creditbucket
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_change();
-- Depth 0 is a statement of somebody's own; the trigger on entries updates at depth 1.
CREATE TRIGGER billing_creditbucket_by_entries BEFORE UPDATE ON billing_creditbucket
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION billing_refuse_change();

-- Test settings alone may empty the tables, with the journal's.
CREATE FUNCTION billing_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF COALESCE(current_setting('journal.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION 'the ledger of credits is never emptied (TRUNCATE on %)', TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
""" + "".join(
    f"""
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION billing_refuse_truncate();
"""
    for table in ("billing_ledgerentry", "billing_ledgertransaction", "billing_creditbucket")
) + """
-- Every move updates a bucket's row: room on its page keeps that out of the indexes.
ALTER TABLE billing_creditbucket SET (fillfactor = 50);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_credits")]
    operations = [migrations.RunSQL(APPLY + GUARDS, migrations.RunSQL.noop)]
