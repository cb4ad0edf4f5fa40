"""Erasing what the journal knows of a person, while its chains stay whole."""

from __future__ import annotations

from django.db import transaction

from apps.journal.models import PersonalPart
from apps.journal.services.verifying import PERSON_ERASED
from apps.journal.services.writing import write_entry


@transaction.atomic
def erase_person(user_id: int) -> int:
    """Delete every personal part that belongs to a person (labels, addresses, devices, personal changes); how many.

    Entries, ids and hashes stay. The erasure is an entry itself, which says who remains as a number only: without it
    a verification would take the missing parts for removed ones. Parts written afterwards need another erasure.
    """
    parts, _ = PersonalPart.objects.filter(person_id=user_id).delete()
    write_entry(
        action=PERSON_ERASED,
        actor_id=None,
        workspace_id=None,
        subject_id=user_id,
        impersonator_id=None,
        target_type="",
        target_id=user_id,
        target_uuid=None,
        target_label="",
        changes={"parts": parts},
        request_id="",
        via="",
        via_detail="",
        actor_data={},
        target_data={},
    )
    return parts
