"""The database itself refuses to change a published version, and to remove one whose formula stays."""

from django.db import migrations

# The person who published may be deleted. A version is deleted before its formula, so the check waits for the end of the
# transaction.
GUARD = """
CREATE FUNCTION formulas_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before formulas_formulaversion := OLD;
BEGIN
    IF NEW.published_by_id IS NULL THEN
        before.published_by_id := NULL;
    END IF;
    IF NEW IS DISTINCT FROM before THEN
        RAISE EXCEPTION 'a published version never changes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER formulas_version_immutable BEFORE UPDATE ON formulas_formulaversion
    FOR EACH ROW EXECUTE FUNCTION formulas_refuse_version_change();

CREATE FUNCTION formulas_refuse_version_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM formulas_formula WHERE id = OLD.formula_id) THEN
        RAISE EXCEPTION 'a published version is removed only with its formula';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER formulas_version_stays AFTER DELETE ON formulas_formulaversion
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION formulas_refuse_version_removal();
"""
UNDO = """
DROP TRIGGER formulas_version_immutable ON formulas_formulaversion;
DROP TRIGGER formulas_version_stays ON formulas_formulaversion;
DROP FUNCTION formulas_refuse_version_change;
DROP FUNCTION formulas_refuse_version_removal;
"""


class Migration(migrations.Migration):
    dependencies = [("formulas", "0002_lineage_and_cases")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
