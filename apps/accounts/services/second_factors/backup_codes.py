"""Backup codes: ten at a time, each good once, shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import BackupCode, BackupCodes, User
from apps.accounts.services.second_factors.factors import lock_person
from apps.journal.services import record

ALPHABET = (
    "abcdefghjkmnpqrstuvwxyz023456789"  # 32 letters: without i, l, o and 1, which are taken for one another
)
COUNT = 10
LENGTH = 16  # of 5 bits each


def plain(code: str) -> str:
    """The code as it is hashed: without the hyphens and spaces that make it readable."""
    return "".join(letter for letter in code.lower() if letter.isalnum())


def _hash(code: str) -> str:
    return hashlib.sha256(plain(code).encode()).hexdigest()


def _new_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, LENGTH, 4))


@transaction.atomic
def make_backup_codes(user: User, *, actor: User) -> list[str]:
    """A new set of ten, which this once can be read; the old set stops working."""
    lock_person(user)
    BackupCodes.objects.filter(user=user).delete()
    codes = [_new_code() for _ in range(COUNT)]
    backup = BackupCodes.objects.create(user=user, name="Backup codes")
    BackupCode.objects.bulk_create([BackupCode(codes=backup, code_hash=_hash(code)) for code in codes])
    record(
        actor=actor,
        workspace=None,
        action="accounts.second_factor.backup_codes_made",
        target=backup,
        subject=user,
        changes={"count": COUNT},
    )
    return codes


@transaction.atomic
def use_backup_code(user: User, code: str) -> BackupCodes | None:
    """Spend the code; None when it is not one of the person's unused ones. One UPDATE decides who spends it."""
    unused = BackupCode.objects.filter(codes__user=user, code_hash=_hash(code), used_at=None)
    if not BackupCode.objects.filter(pk__in=unused, used_at=None).update(used_at=timezone.now()):
        return None
    backup = BackupCodes.objects.get(user=user)
    left = backup.codes.filter(used_at=None).count()
    record(
        actor=user,
        workspace=None,
        action="accounts.second_factor.backup_code_used",
        target=backup,
        subject=user,
        changes={"left": left},
    )
    return backup
