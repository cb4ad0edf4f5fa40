"""The one way from a person or workspace and an id to what is theirs: unknown and foreign are both 404."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.notifications.models import Contact, Delivery, Ladder, Notice
from apps.notifications.selectors import contacts_of, deliveries_to, endpoints_of, inbox_of, ladders_of

M = TypeVar("M", bound=Model)


def get_notice_for(person: User, uuid: UUID | str) -> Notice:
    return _one(inbox_of(person), uuid, "notice")


def get_contact_for(person: User, uuid: UUID | str) -> Contact:
    """A contact of the person's own; those of a workspace are `get_endpoint_for`'s."""
    return _one(contacts_of(person).filter(workspace=None), uuid, "contact")


def get_ladder_for(person: User, uuid: UUID | str) -> Ladder:
    return _one(ladders_of(person), uuid, "ladder")


def get_endpoint_for(workspace: Workspace, uuid: UUID | str) -> Contact:
    return _one(endpoints_of(workspace), uuid, "endpoint")


def get_delivery_for(endpoint: Contact, uuid: UUID | str) -> Delivery:
    return _one(deliveries_to(endpoint).select_related("contact", "person"), uuid, "delivery")


def _one(rows: QuerySet[M], uuid: UUID | str, name: str) -> M:
    found = rows.filter(uuid=uuid).first()
    if found is None:
        raise Http404(gettext("No such {name}.").format(name=name))
    return found
