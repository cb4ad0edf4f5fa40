"""Reads of the journal; each starts from a workspace."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from apps.journal.models import Entry, PersonalPart, Seal, Verification

SYSTEM = 0  # as the actor asked for: what nobody did


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries to show; empty values show everything. `target` is "type:uuid" or "type:id"."""

    actor_id: int | None = None
    group: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    via: str = ""
    text: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class ChainState:
    """The last seal of a workspace's chain, and what the last verification found."""

    head: Seal | None
    verified: Verification | None


def entries_of(workspace: Model, chosen: JournalFilter | None = None) -> QuerySet[Entry]:
    """What happened in a workspace, newest first."""
    entries = Entry.objects.filter(workspace_id=workspace.pk).order_by("-id").prefetch_related("parts")
    if chosen is None:
        return entries
    if chosen.actor_id is not None:
        entries = entries.filter(actor_id=chosen.actor_id or None)
    if chosen.group:
        entries = entries.filter(action__startswith=f"{chosen.group}.")
    if chosen.target:
        entries = entries.filter(_of_target(workspace, chosen.target))
    if chosen.since:
        entries = entries.filter(recorded_at__gte=chosen.since)
    if chosen.until:
        entries = entries.filter(recorded_at__lt=chosen.until)
    if chosen.via:
        entries = entries.filter(via=chosen.via)
    if chosen.request_id:
        entries = entries.filter(request_id=chosen.request_id)
    if chosen.text:
        entries = entries.filter(containing(chosen.text))
    return entries


def containing(text: str, *, places: bool = True) -> Q:
    """Entries with `text` in the action, the object's name, or what is left of who did it and to whom; with `places`
    also those done from this address or device."""
    action = Q(action__icontains=text.replace(" ", "_")) | Q(action__icontains=text.replace(" ", "."))
    of = Q(data__label__icontains=text)
    if places:
        of |= Q(data__ip=text) | Q(data__device__icontains=text)
    parts = PersonalPart.objects.filter(of, entry=OuterRef("pk"))
    return action | Q(target_label__icontains=text) | Q(Exists(parts))


def chain_state(workspace_id: int | None) -> ChainState:
    """What the pages tell about a chain."""
    seals = Seal.objects.filter(workspace_id=workspace_id).defer("manifest").order_by("-number")
    verified = Verification.objects.filter(workspace_id=workspace_id).order_by("-id")
    return ChainState(seals.first(), verified.first())


def seal_of(entry: Entry) -> Seal | None:
    """The seal whose manifest names the entry; None while it is not sealed."""
    seals = Seal.objects.filter(workspace_id=entry.workspace_id, sealed_at__gte=entry.recorded_at)
    return seals.order_by("number").filter(manifest__contains=[[entry.pk, str(entry.uuid)]]).first()


def _of_target(workspace: Model, target: str) -> Q:
    """Entries of one object, also those from before uuids were kept."""
    kind, _, name = target.partition(":")
    if name.isdecimal() and len(name) < 19:
        return Q(target_type=kind, target_id=int(name))
    try:
        found = uuid.UUID(name)
    except ValueError:
        return Q(pk__in=[])
    known = Entry.objects.filter(workspace_id=workspace.pk, target_type=kind, target_uuid=found)
    target_id = known.values_list("target_id", flat=True).first()
    return Q(pk__in=[]) if target_id is None else Q(target_type=kind, target_id=target_id)
