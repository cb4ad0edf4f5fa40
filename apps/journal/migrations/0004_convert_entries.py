"""Old entries in the new form: their personal parts apart, hashed anew, waiting for the first seal of their chain.

An entry of its own says how many there were, the head of the old chain, and every fault that was found in it.
"""

import json
import secrets
import uuid

from django.db import migrations
from django.utils import timezone

from apps.journal.rules import commitment, content_hash, storable

USER = "accounts.user"


def converted(entry):
    """The entry's new values and its personal parts."""
    about_person = entry.target_type == USER
    parts = []
    values = {
        "uuid": entry.uuid,
        "workspace_id": entry.workspace_id,
        "actor_id": entry.actor_id,
        "subject_id": entry.target_id if about_person else None,
        "impersonator_id": None,
        "action": entry.action,
        "target_type": entry.target_type,
        "target_id": entry.target_id,
        "target_uuid": None,
        "target_label": "" if about_person else entry.target_label,
        "changes": {} if about_person else storable(entry.changes),
        "request_id": entry.request_id,
        "via": "",
        "via_detail": "",
        "recorded_at": entry.recorded_at,
    }
    actor = {"label": entry.actor_label, "ip": entry.ip}
    target = {"label": entry.target_label, "changes": storable(entry.changes)} if about_person else {}
    person = values["subject_id"] if entry.actor_id is None else entry.actor_id
    for part, person_id, data in (("actor", person, actor), ("target", values["subject_id"], target)):
        data = {name: value for name, value in data.items() if value}
        salt = secrets.token_hex(16)
        values[f"{part}_commitment"] = commitment(salt, person_id, data) if data else ""
        if data:
            parts.append((entry.pk, part, person_id, salt, json.dumps(data)))
    return {**values, "content_hash": content_hash(values)}, parts


def convert(apps, schema_editor):
    Entry = apps.get_model("journal", "Entry").objects.using(schema_editor.connection.alias)
    fields = [
        "subject_id", "target_label", "changes", "actor_commitment", "target_commitment", "content_hash",
    ]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DELETE FROM journal_personalpart")
        batch, parts = [], []

        def write():
            Entry.bulk_update(batch, fields)
            cursor.executemany(
                "INSERT INTO journal_personalpart (entry_id, part, person_id, salt, data)"
                " VALUES (%s, %s, %s, %s, %s::jsonb)",
                parts,
            )
            batch.clear()
            parts.clear()

        for entry in Entry.order_by("id").iterator(chunk_size=1000):
            values, its_parts = converted(entry)
            for name in fields:
                setattr(entry, name, values[name])
            batch.append(entry)
            parts.extend(its_parts)
            if len(batch) == 1000:
                write()
        write()
        cursor.execute("SELECT findings FROM journal_conversion")
        findings = cursor.fetchone()[0]
        findings = json.loads(findings) if isinstance(findings, str) else findings
        if findings["entries"]:
            values = {
                "uuid": uuid.uuid4(),
                "action": "journal.entries.converted",
                "target_type": "",
                "target_label": "",
                "changes": findings,
                "request_id": "",
                "via": "command",
                "via_detail": "migrate",
                "actor_commitment": "",
                "target_commitment": "",
                "recorded_at": timezone.now(),
            }
            nothing = ("workspace_id", "actor_id", "subject_id", "impersonator_id", "target_id", "target_uuid")
            values |= dict.fromkeys(nothing)
            Entry.create(**values, actor_label="", content_hash=content_hash(values))


class Migration(migrations.Migration):
    dependencies = [("journal", "0003_parts_and_chains")]
    operations = [migrations.RunPython(convert)]
