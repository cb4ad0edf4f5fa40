"""Writes of people."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import User
from apps.journal.services import record


@transaction.atomic
def update_profile(user: User, *, name: str, timezone: str) -> User:
    changes = {}
    for field, value in (("name", name), ("timezone", timezone)):
        before = getattr(user, field)
        if before != value:
            changes[field] = [before, value]
            setattr(user, field, value)
    if changes:
        user.save(update_fields=[*changes, "updated_at"])
        record(actor=user, workspace=None, action="accounts.profile.changed", target=user, changes=changes)
    return user
