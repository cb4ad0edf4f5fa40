"""The copy of Stripe's objects that staff look at in the admin. Late is good enough for it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.billing.gateways.registry import gateway
from apps.billing.gateways.stripe.mirror import mirror, mirror_since
from apps.billing.models import GatewayEvent

LATELY = timedelta(minutes=11)  # rounds are five minutes apart: one that fails is made up for by the next
CAUGHT_UP = timedelta(days=2)


def mirror_lately() -> int:
    """Copy what the last webhooks were about. Returns how many objects. Raises GatewayUnreachable."""
    if not gateway("stripe").is_ready():
        return 0
    done = GatewayEvent.objects.filter(gateway="stripe", done_at__gte=timezone.now() - LATELY).order_by("id")
    named = dict.fromkeys(
        (kind, key) for objects in done.values_list("objects_named", flat=True) for kind, key in objects
    )
    return mirror(named)


def catch_up_mirror() -> int:
    """Each night: the catalogue, and whatever was made in the last two days. Raises GatewayUnreachable."""
    if not gateway("stripe").is_ready():
        return 0
    return mirror_since(timezone.now() - CAUGHT_UP)


def sync_catalogue() -> int:
    """Bring what is sold over to Stripe. Returns how many objects were made or changed. Raises GatewayUnreachable."""
    return gateway("stripe").sync_catalogue() if gateway("stripe").is_ready() else 0
