"""Orders say whether they prolong a subscription; numbered invoices stay as they were issued, without a gap."""

from django.db import migrations, models

GUARDS = """
CREATE FUNCTION billing_invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := ARRAY['mailed_at', 'updated_at', 'status', 'paid_at'];
BEGIN
    IF OLD.series_id IS NOT NULL AND (TG_OP = 'DELETE' OR to_jsonb(NEW) - free <> to_jsonb(OLD) - free) THEN
        RAISE EXCEPTION 'invoice % was issued and stays as it is; correct it by a credit note', OLD.number
            USING ERRCODE = '23000';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER billing_invoice_stays BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_invoice_stays();

CREATE FUNCTION billing_invoiceline_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM billing_invoice AS i WHERE i.id = OLD.invoice_id AND i.series_id IS NOT NULL) THEN
        RAISE EXCEPTION 'a line of an issued invoice stays as it is' USING ERRCODE = '23000';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER billing_invoiceline_stays BEFORE UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION billing_invoiceline_stays();

CREATE FUNCTION billing_series_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.code <> OLD.code OR NEW.last <> OLD.last + 1 THEN
        RAISE EXCEPTION 'the series % counts on by one', OLD.code USING ERRCODE = '23000';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_series_counts BEFORE UPDATE OR DELETE ON billing_invoiceseries
    FOR EACH ROW EXECUTE FUNCTION billing_series_counts();
"""
BACK = """
DROP TRIGGER billing_invoice_stays ON billing_invoice; DROP FUNCTION billing_invoice_stays();
DROP TRIGGER billing_invoiceline_stays ON billing_invoiceline; DROP FUNCTION billing_invoiceline_stays();
DROP TRIGGER billing_series_counts ON billing_invoiceseries; DROP FUNCTION billing_series_counts();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_usage_days")]

    operations = [
        migrations.AddField(
            model_name="checkout",
            name="prolongs",
            field=models.BooleanField(
                default=True, help_text="It pays for a period; otherwise for a change of the present one."
            ),
        ),
        migrations.RunSQL(GUARDS, BACK),
    ]
