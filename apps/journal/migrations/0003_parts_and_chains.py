"""Entries with device, way and erasable personal parts; one chain per workspace; consumers.

Three steps, each of which may be run again: this one reads the old journal's faults, if any, and makes the new
columns and tables; 0004 converts the entries; 0005 removes the old columns and guards all tables.
"""

import hashlib
import json

import django.db.models.deletion
from django.db import migrations, models

import apps.journal.models.entries

# Numbers of transactions, in an order that a dump restored into a new cluster goes on with. There the database
# counts from the beginning again: a number at or below one that was settled cannot be from the same cluster, so
# everything is shifted past what is stored.
CLOCK = """
INSERT INTO journal_clock (id, shift, settled_to) VALUES (1, 0, 0);
CREATE FUNCTION journal_xid() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    xid bigint := pg_current_xact_id()::text::bigint;
    ahead bigint;
    settled bigint;
BEGIN
    SELECT shift, settled_to INTO ahead, settled FROM journal_clock WHERE id = 1;
    IF NOT FOUND THEN
        RETURN xid;
    END IF;
    IF xid + ahead <= settled THEN
        UPDATE journal_clock
            SET shift = GREATEST(settled_to, (SELECT COALESCE(max(entry.xid), 0) FROM journal_entry entry))
            WHERE id = 1 AND xid + shift <= settled_to;
        SELECT shift INTO ahead FROM journal_clock WHERE id = 1;
    END IF;
    RETURN xid + ahead;
END $$;
"""
OPEN = """
DROP TRIGGER journal_entry_append_only ON journal_entry;
DROP TRIGGER journal_seal_append_only ON journal_seal;
"""
OLD_FIELDS = [
    "uuid", "workspace_id", "actor_id", "actor_label", "action", "target_type", "target_id", "target_label",
    "changes", "request_id", "ip", "recorded_at",
]


def plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def keep_findings(apps, schema_editor):
    """What a verification of the old journal finds; the conversion's own entry will tell it."""
    using = schema_editor.connection.alias
    Entry = apps.get_model("journal", "Entry").objects.using(using)
    faults = []
    entries = 0
    for entry in Entry.order_by("id").iterator(chunk_size=2000):
        entries += 1
        body = {name: getattr(entry, name) for name in OLD_FIELDS}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=plain)
        if hashlib.sha256(text.encode()).hexdigest() != entry.content_hash:
            faults.append(f"entry {entry.pk} ({entry.uuid}, {entry.action}) was edited")
    previous = ""
    for seal in apps.get_model("journal", "Seal").objects.using(using).order_by("last_entry_id").iterator():
        digest = hashlib.sha256(previous.encode())
        batch = Entry.filter(id__range=(seal.first_entry_id, seal.last_entry_id)).order_by("id")
        for value in batch.values_list("content_hash", flat=True):
            digest.update(value.encode())
        if digest.hexdigest() != seal.chain_hash:
            faults.append(f"seal {seal.pk} (entries {seal.first_entry_id} to {seal.last_entry_id}) does not match")
        previous = seal.chain_hash
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("CREATE TABLE journal_conversion (findings jsonb NOT NULL)")
        cursor.execute(
            "INSERT INTO journal_conversion VALUES (%s::jsonb)",
            [json.dumps({"entries": entries, "old_head": previous, "faults": faults[:1000]})],
        )


class Migration(migrations.Migration):

    dependencies = [("journal", "0002_append_only")]

    operations = [
        migrations.RunPython(keep_findings),
        migrations.RunSQL(OPEN),
        migrations.DeleteModel("Seal"),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField(unique=True)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('heads', models.JSONField(help_text='[workspace id, number, hash] of every seal of this round.')),
                ('end_xid', models.BigIntegerField()),
                ('end_id', models.BigIntegerField()),
                ('chain_hash', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shift', models.BigIntegerField(default=0)),
                ('settled_to', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Cursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.CharField(max_length=60, unique=True)),
                ('xid', models.BigIntegerField()),
                ('entry_id', models.BigIntegerField()),
                ('moved_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='PersonalPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('actor', 'actor'), ('target', 'target')], max_length=6)),
                ('person_id', models.BigIntegerField(db_index=True, null=True)),
                ('salt', models.CharField(max_length=32)),
                ('data', models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name='Retry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('consumer', models.CharField(max_length=60)),
                ('attempts', models.IntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('due_at', models.DateTimeField()),
                ('parked_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'retries',
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(null=True)),
                ('number', models.IntegerField()),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('manifest', models.JSONField()),
                ('chain_hash', models.CharField(max_length=64)),
                ('sealed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('workspace_id', models.BigIntegerField(help_text='None: all chains and the checkpoints.', null=True)),
                ('verified_at', models.DateTimeField()),
                ('entries', models.IntegerField()),
                ('seals', models.IntegerField()),
                ('unsealed', models.IntegerField()),
                ('erased', models.IntegerField()),
                ('head', models.CharField(blank=True, max_length=64)),
                ('faults', models.JSONField(default=list)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='entry',
            name='journal_entry_target',
        ),
        migrations.AddField(
            model_name='entry',
            name='actor_commitment',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='entry',
            name='impersonator_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='subject_id',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='target_commitment',
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.AddField(
            model_name='entry',
            name='target_uuid',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='entry',
            name='via',
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name='entry',
            name='via_detail',
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.RunSQL(CLOCK),
        migrations.AddField(
            model_name='entry',
            name='xid',
            field=models.BigIntegerField(db_default=apps.journal.models.entries.CurrentTransaction(), editable=False),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['target_type', 'target_id', '-id'], name='journal_entry_target'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['actor_id', '-id'], name='journal_entry_actor'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['xid', 'id'], name='journal_entry_settled'),
        ),
        migrations.AddField(
            model_name='personalpart',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='journal.entry'),
        ),
        migrations.AddField(
            model_name='retry',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='journal.entry'),
        ),
        migrations.AddConstraint(
            model_name='seal',
            constraint=models.UniqueConstraint(fields=('workspace_id', 'number'), name='journal_seal_number', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(fields=['workspace_id', '-id'], name='journal_verification_latest'),
        ),
        migrations.AddConstraint(
            model_name='personalpart',
            constraint=models.UniqueConstraint(fields=('entry', 'part'), name='journal_part_unique'),
        ),
        migrations.AddIndex(
            model_name='retry',
            index=models.Index(fields=['consumer', 'due_at'], name='journal_retry_due'),
        ),
        migrations.AddConstraint(
            model_name='retry',
            constraint=models.UniqueConstraint(fields=('consumer', 'entry'), name='journal_retry_unique'),
        ),
    ]
