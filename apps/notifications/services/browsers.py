"""Browsers that show notifications: a person's subscriptions to Web Push."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.notifications.channels.push_web.encryption import check_keys
from apps.notifications.channels.registry import channel_of
from apps.notifications.errors import BadTarget
from apps.notifications.models import Contact
from apps.notifications.services.contacts import add_contact, enable_contact, remove_contact, target_digest


@transaction.atomic
def add_browser(person: User, subscription: Any, *, name: str = "") -> Contact:
    """Store what `PushSubscription.toJSON()` gives; one that is known is brought up to date and used again.

    A browser belongs to whoever subscribed last in it. Raises BadTarget for what no browser makes.
    """
    try:
        endpoint, keys = subscription["endpoint"], subscription["keys"]
        check_keys(keys["p256dh"], keys["auth"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadTarget(gettext("This is no subscription of a browser."), field="keys") from None
    endpoint = channel_of("push_web").check_target(endpoint if isinstance(endpoint, str) else "")
    secrets = {"p256dh": keys["p256dh"], "auth": keys["auth"]}
    known = None
    same = Contact.objects.filter(channel="push_web", target_digest=target_digest("push_web", endpoint))
    for contact in same.select_for_update(of=("self",)).select_related("person", "workspace"):
        if contact.person_id == person.pk:
            known = contact
        else:
            remove_contact(contact, actor=person)
    if known is None:
        return add_contact(
            person,
            channel="push_web",
            target=endpoint,
            actor=person,
            secrets=secrets,
            options={"name": name[:60]},
            is_verified=True,  # only this browser can read what is sent to it
        )
    known.secrets = json.dumps(secrets)
    known.verified_at = known.verified_at or timezone.now()
    known.save(update_fields=["secrets", "verified_at", "updated_at"])
    if known.disabled_at:
        enable_contact(known, actor=person)
    return known


def remove_browser(person: User, endpoint: str) -> bool:
    """Forget a browser of the person. Returns whether it was known."""
    contact = Contact.objects.filter(
        person=person, channel="push_web", target_digest=target_digest("push_web", endpoint)
    ).first()
    if contact is not None:
        remove_contact(contact, actor=person)
    return contact is not None
