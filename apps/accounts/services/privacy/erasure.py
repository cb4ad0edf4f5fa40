"""Deleting people and workspaces: asked for, taken back within the grace period, carried out in one transaction.

The rows go in one transaction, so that a killed job leaves all or nothing. The files go after it: their paths are
written down in the same transaction and taken up again by the next run.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import structlog
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.errors import ErasureBlocked
from apps.accounts.models import FileRemoval, User, Workspace
from apps.accounts.selectors.privacy import scope_of, teams_owned
from apps.core.privacy import Scope, children_first, run_erasers
from apps.journal.services import erase_person, record

log = structlog.get_logger(__name__)

GRACE = timedelta(days=14)
BATCH = 1000


@transaction.atomic
def request_erasure(user: User, *, actor: User) -> User:
    """Set the day on which the account is deleted; asking again changes nothing.

    Raises ErasureBlocked while the person owns a workspace in which others work.
    """
    _check_no_teams(user)
    at = timezone.now() + GRACE
    if User.objects.filter(pk=user.pk, erase_at=None, erased_at=None).update(erase_at=at):
        record(
            actor=actor,
            workspace=None,
            action="accounts.erasure.requested",
            target=user,
            changes={"erase_at": at},
        )
    user.refresh_from_db(fields=["erase_at"])
    return user


@transaction.atomic
def cancel_erasure(user: User, *, actor: User) -> None:
    """Keep the account after all; without a request nothing changes."""
    if User.objects.filter(pk=user.pk, erased_at=None).exclude(erase_at=None).update(erase_at=None):
        record(actor=actor, workspace=None, action="accounts.erasure.cancelled", target=user)
    user.refresh_from_db(fields=["erase_at"])


def erase_due_people() -> int:
    """Delete the people whose grace period is over. One who owns a team by now waits until it is handed over."""
    due = User.objects.filter(erase_at__lte=timezone.now(), erased_at=None).order_by("id")
    gone = 0
    for user in due:
        try:
            gone += erase_user(user)
        except ErasureBlocked as problem:
            log.warning("erasure_waits", user_id=user.pk, reason=problem.message)
    remove_files()
    return gone


@transaction.atomic
def erase_user(user: User) -> bool:
    """Delete a person whose time has come, their workspaces and files. Returns whether this call did it.

    What stays points at a row without name, address and password.
    """
    locked = User.objects.select_for_update().filter(pk=user.pk, erase_at__lte=timezone.now(), erased_at=None)
    user_now = locked.first()
    if user_now is None:
        return False
    _check_no_teams(user_now)
    scope = scope_of(user_now)
    avatar = user_now.avatar
    _delete_rows(scope)
    if avatar:
        FileRemoval.objects.create(path=avatar)
    run_erasers(user_now.pk, scope.addresses)
    _make_pseudonym(user_now)
    record(actor=None, workspace=None, action="accounts.user.erased", target=user_now)
    erase_person(user_now.pk)
    return True


def close_due_workspaces() -> int:
    """Delete the closed workspaces whose grace period is over."""
    due = Workspace.objects.filter(closes_at__lte=timezone.now()).order_by("id")
    gone = sum(erase_workspace(workspace) for workspace in due)
    remove_files()
    return gone


@transaction.atomic
def erase_workspace(workspace: Workspace) -> bool:
    """Delete a closed workspace with all it holds. Returns whether this call did it."""
    locked = Workspace.objects.select_for_update().filter(pk=workspace.pk, closes_at__lte=timezone.now())
    found = locked.first()
    if found is None:
        return False
    _delete_rows(Scope(person=None, workspaces={found.pk: found.uuid}))
    record(actor=None, workspace=found, action="accounts.workspace.erased", target=found)
    return True


def remove_files() -> int:
    """Delete the files that no row points at any more. Returns how many entries were carried out."""
    gone = 0
    for removal in FileRemoval.objects.order_by("id").iterator():
        if removal.is_folder:
            _delete_folder(removal.path)
        else:
            default_storage.delete(removal.path)
        removal.delete()
        gone += 1
    return gone


def _delete_rows(scope: Scope) -> None:
    """Delete what belongs to the scope, rows before those they point at, and write down the files to remove."""
    for holding in children_first():
        if holding.stays or holding.by_room:
            continue
        while rows := list(holding.rows(scope)[:BATCH]):
            removals = [FileRemoval(path=path) for row in rows for path in holding.places(row)]
            if holding.folder:
                removals += [
                    FileRemoval(path=holding.folder.format(uuid=row.uuid), is_folder=True) for row in rows
                ]
            FileRemoval.objects.bulk_create(removals)
            holding.model._base_manager.filter(pk__in=[row.pk for row in rows]).delete()


def _make_pseudonym(user: User) -> None:
    """Empty the person's row: every column that is not needed for what stays goes back to its default."""
    keep = {"id", "uuid", "created_at", "updated_at"}
    for column in User._meta.concrete_fields:
        if column.name not in keep:
            setattr(user, column.attname, column.get_default())
    user.email = f"deleted-{uuid4()}@deleted.invalid"
    user.is_active = False
    user.erased_at = timezone.now()
    user.set_unusable_password()
    user.save()


def _check_no_teams(user: User) -> None:
    names = [workspace.name for workspace in teams_owned(user).order_by("name")]
    if names:
        raise ErasureBlocked(
            gettext("Others work in {join}, which you own. Hand it over or close it first.").format(
                join=", ".join(names)
            ),
            extra={"workspaces": names},
        )


def _delete_folder(path: str) -> None:
    try:
        folders, files = default_storage.listdir(path)
    except FileNotFoundError:
        return
    for name in folders:
        _delete_folder(f"{path}/{name}")
    for name in files:
        default_storage.delete(f"{path}/{name}")
    default_storage.delete(path)
