"""Writing entries, in the transaction of the change itself."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from psycopg.types.json import Jsonb

from apps.core.jobs import enqueue_on_commit
from apps.core.request_context import request_context
from apps.journal.models import Entry, PersonalPart
from apps.journal.rules import HASHED_FIELDS, commitment, content_hash, storable
from apps.journal.services.registry import somebody_waits_for

COLUMNS = (*HASHED_FIELDS, "content_hash")
# One statement: an entry without its parts, or the other way round, cannot be.
INSERT = f"""
WITH entry AS (
    INSERT INTO journal_entry ({", ".join(COLUMNS)}) VALUES ({", ".join(["%s"] * len(COLUMNS))}) RETURNING id, xid
), parts AS (
    INSERT INTO journal_personalpart (entry_id, part, person_id, salt, data)
    SELECT entry.id, part.* FROM entry,
        jsonb_to_recordset(%s) AS part(part text, person_id bigint, salt text, data jsonb)
)
SELECT id, xid FROM entry
"""  # noqa: S608  names of columns, no values


def record(
    *,
    actor: models.Model | None,
    workspace: models.Model | None,
    action: str,
    target: models.Model | None = None,
    changes: dict[str, Any] | None = None,
    personal: dict[str, Any] | None = None,
    subject: models.Model | None = None,
) -> Entry:
    """Write what happened, in the transaction of the change itself.

    `action` is "app.object.past_tense"; `changes` maps field to value or [before, after], as JSON or text.
    `personal` are changes that are personal data (names, addresses) and `subject` the person whom they and the target's
    label belong to, by default the target if it is a user, or its `journal_subject`. Erasing that person removes them,
    and the chain stays whole.
    Raises TransactionManagementError outside a transaction: an entry must stand or fall with its change.
    """
    if subject is None and target is not None:
        is_person = target._meta.label == settings.AUTH_USER_MODEL
        subject = target if is_person else getattr(target, "journal_subject", None)
    context = request_context()
    return write_entry(
        action=action,
        actor_id=actor.pk if actor else None,
        workspace_id=workspace.pk if workspace else None,
        subject_id=subject.pk if subject else None,
        impersonator_id=context.impersonator_id,
        target_type=target._meta.label_lower if target else "",
        target_id=target.pk if target else None,
        target_uuid=getattr(target, "uuid", None),
        target_label=_text(target) if target and not subject else "",
        changes=storable(changes or {}),
        request_id=context.request_id,
        via=context.via,
        via_detail=context.via_detail,
        actor_data=_filled(label=_text(actor), ip=context.ip, device=context.device),
        target_data=_filled(label=_text(target) if subject else "", changes=storable(personal or {})),
    )


def write_entry(*, actor_data: dict[str, Any], target_data: dict[str, Any], **fields: Any) -> Entry:
    """Insert an entry of these fields, with its personal parts; an empty part is none."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            gettext("journal entry {fields!r} outside a transaction").format(fields=fields["action"])
        )
    values = {"uuid": uuid.uuid4(), "recorded_at": timezone.now(), **fields}
    actor_id, subject_id = values["actor_id"], values["subject_id"]
    parts = []
    for part, person_id, data in (
        (PersonalPart.ACTOR, subject_id if actor_id is None else actor_id, actor_data),
        (PersonalPart.TARGET, subject_id, target_data),
    ):
        salt = secrets.token_hex(16)
        values[f"{part}_commitment"] = commitment(salt, person_id, data) if data else ""
        if data:
            parts.append({"part": part, "person_id": person_id, "salt": salt, "data": data})
    entry = Entry(**values, content_hash=content_hash(values))
    row: list[Any] = [getattr(entry, name) for name in COLUMNS]
    row[COLUMNS.index("changes")] = Jsonb(entry.changes)
    row.append(Jsonb(parts))
    with connection.cursor() as cursor:
        cursor.execute(INSERT, row)
        entry.id, entry.xid = cursor.fetchone()
    entry._state.adding = False
    entry._state.db = connection.alias
    entry.__dict__["personal"] = {part["part"]: part["data"] for part in parts}
    if somebody_waits_for(entry.action):
        enqueue_on_commit("journal.run_consumers")
    return entry


def _text(thing: models.Model | None) -> str:
    """As it calls itself, no longer than an entry holds."""
    return str(storable(str(thing)))[:200] if thing else ""


def _filled(**data: Any) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value}
