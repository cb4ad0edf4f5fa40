"""Writes of API keys. A key can never make, change or end keys: callers demand a person who has just confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.credentials import API_KEY, digest, new_secret
from apps.accounts.errors import BadKey
from apps.accounts.models import ApiKey, User, Workspace
from apps.accounts.rules import grantable_scopes, rights_of
from apps.accounts.selectors import membership_in
from apps.core.client_ip import parse_network
from apps.journal.services import record

LASTS = timedelta(days=365)
MAX_OVERLAP = timedelta(days=7)
MAX_NETWORKS = 50
TELL_BEFORE = timedelta(days=14)
UNSET: Any = object()


@transaction.atomic
def create_api_key(
    workspace: Workspace,
    *,
    name: str,
    actor: User,
    scopes: Iterable[str] | None = None,
    allowed_networks: Iterable[str] = (),
    requests_per_minute: int | None = None,
    expires_at: datetime | None = UNSET,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown this once and kept only as a hash.

    Without `scopes` it gets all that the maker's role may give, without `expires_at` a year; None never expires.
    Raises BadKey for scopes beyond the maker's role, networks that are none, or a time that has passed.
    """
    now = timezone.now()
    grantable = grantable_scopes(_rights_in(workspace, actor))
    wanted = sorted(grantable if scopes is None else set(scopes))
    if not wanted:
        raise BadKey(
            gettext("Choose at least one scope: a key without one could do nothing."), field="scopes"
        )
    if beyond := [scope for scope in wanted if scope not in grantable]:
        raise BadKey(
            gettext("You cannot give {join}. Your role here may give: {join_2}.").format(
                join=", ".join(beyond), join_2=", ".join(sorted(grantable))
            ),
            field="scopes",
        )
    if expires_at is UNSET:
        expires_at = now + LASTS
    if expires_at is not None and expires_at <= now:
        raise BadKey(gettext("The end must lie in the future."), field="expires_at")
    key, secret = _insert(
        workspace=workspace,
        user=actor,
        name=name,
        scopes=wanted,
        allowed_networks=_networks(allowed_networks),
        requests_per_minute=requests_per_minute,
        expires_at=expires_at,
    )
    record(
        actor=actor,
        workspace=workspace,
        action="accounts.api_key.created",
        target=key,
        changes={
            "scopes": key.scopes,
            "allowed_networks": key.allowed_networks,
            "requests_per_minute": requests_per_minute,
            "expires_at": expires_at,
        },
    )
    return key, secret


@transaction.atomic
def change_api_key(
    key: ApiKey, *, actor: User, name: str, allowed_networks: Iterable[str], requests_per_minute: int | None
) -> ApiKey:
    """Another name, list of addresses or limit. What it may do and until when never changes: make another key."""
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("workspace").get(pk=key.pk)
    new = {
        "name": name,
        "allowed_networks": _networks(allowed_networks),
        "requests_per_minute": requests_per_minute,
    }
    changes = {
        field: [getattr(key, field), value] for field, value in new.items() if getattr(key, field) != value
    }
    if changes:
        for field, value in new.items():
            setattr(key, field, value)
        key.save(update_fields=[*changes, "updated_at"])
        record(
            actor=actor,
            workspace=key.workspace,
            action="accounts.api_key.changed",
            target=key,
            changes=changes,
        )
    return key


@transaction.atomic
def rotate_api_key(key: ApiKey, *, actor: User, overlap: timedelta = timedelta(days=1)) -> tuple[ApiKey, str]:
    """A successor with the same settings and the same time to live; the old key works on for the overlap.

    Raises BadKey where the key has ended or already has a successor, and for an overlap of more than 7 days.
    """
    if not timedelta(0) <= overlap <= MAX_OVERLAP:
        raise BadKey(gettext("The old key may work on for 0 to 168 hours."), field="overlap_hours")
    now = timezone.now()
    key = ApiKey.objects.select_for_update(of=("self",)).select_related("workspace", "user").get(pk=key.pk)
    if not key.is_live(now):
        raise BadKey(gettext("This key has ended. Make a new one."), code="api_key_ended", status=409)
    if key.replaced_by_id:
        raise BadKey(
            gettext("This key has a successor already. Rotate that one."), code="api_key_replaced", status=409
        )
    scopes = sorted(set(key.scopes) & grantable_scopes(_rights_in(key.workspace, key.user)))
    if not scopes:
        raise BadKey(
            gettext("Its maker's role no longer allows any of its scopes."),
            code="api_key_powerless",
            status=409,
        )
    successor, secret = _insert(
        workspace=key.workspace,
        user=key.user,
        name=key.name,
        scopes=scopes,
        allowed_networks=key.allowed_networks,
        requests_per_minute=key.requests_per_minute,
        expires_at=now + (key.expires_at - key.created_at) if key.expires_at else None,
    )
    ends = now + overlap
    key.expires_at = min(key.expires_at, ends) if key.expires_at else ends
    key.expiry_told_at = key.expiry_told_at or now  # who rotates a key knows that it ends
    key.replaced_by = successor
    key.save(update_fields=["expires_at", "expiry_told_at", "replaced_by", "updated_at"])
    record(
        actor=actor,
        workspace=key.workspace,
        action="accounts.api_key.rotated",
        target=key,
        changes={"successor": str(successor), "old_key_ends_at": key.expires_at},
    )
    return successor, secret


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: User) -> None:
    """Ends a key at once; doing it twice changes nothing."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(actor=actor, workspace=key.workspace, action="accounts.api_key.revoked", target=key)


@transaction.atomic
def tell_of_expiring_keys() -> int:
    """Journal each live key that ends within two weeks, once; its maker is mailed from there. Returns how many."""
    now = timezone.now()
    expiring = (
        ApiKey.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("workspace", "user")
        .filter(revoked_at=None, expiry_told_at=None, expires_at__range=(now, now + TELL_BEFORE))
        # a key that was made for days is not worth a mail
        .filter(expires_at__gt=F("created_at") + 2 * TELL_BEFORE)
        .order_by("id")[:500]
    )
    for key in (keys := list(expiring)):
        record(
            actor=None,
            workspace=key.workspace,
            action="accounts.api_key.expiring",
            target=key.user,
            changes={"api_key": str(key), "expires_at": key.expires_at},
        )
    ApiKey.objects.filter(pk__in=[key.pk for key in keys]).update(expiry_told_at=now)
    return len(keys)


def _rights_in(workspace: Workspace, person: User) -> frozenset[str]:
    membership = membership_in(person, workspace.pk)
    is_member = membership is not None and membership.workspace_id == workspace.pk
    return rights_of(membership.role) if membership and is_member else frozenset()


def _insert(**values: Any) -> tuple[ApiKey, str]:
    secret = new_secret(API_KEY)
    return ApiKey.objects.create(prefix=secret[:9], secret_hash=digest(secret), **values), secret


def _networks(texts: Iterable[str]) -> list[str]:
    """In canonical form, each once, in the order given."""
    found: list[str] = []
    for text in texts:
        try:
            found.append(str(parse_network(text)))
        except ValueError as error:
            raise BadKey(
                gettext("{error}. Write one such as 203.0.113.7 or 2001:db8::/48.").format(error=error),
                field="allowed_networks",
            ) from None
    if len(found) > MAX_NETWORKS:
        raise BadKey(
            gettext("At most {max_networks} addresses and networks.").format(max_networks=MAX_NETWORKS),
            field="allowed_networks",
        )
    return list(dict.fromkeys(found))
