"""The gateways there are. One is on when its keys are in the settings."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from apps.billing.errors import UnknownGateway
from apps.billing.gateways.base import Gateway

GATEWAYS = {
    "stripe": "apps.billing.gateways.stripe:StripeGateway",
    "midtrans": "apps.billing.gateways.midtrans:MidtransGateway",
}


@cache
def gateway(code: str) -> Gateway:
    """The gateway of this code. Raises UnknownGateway."""
    if code not in GATEWAYS:
        raise UnknownGateway(f"There is no payment gateway {code!r}; there are {', '.join(GATEWAYS)}.")
    module, _, name = GATEWAYS[code].partition(":")
    return getattr(import_module(module), name)()  # type: ignore[no-any-return]


def ready_gateways() -> list[Gateway]:
    """Those that can be paid with, in their order above."""
    return [one for one in map(gateway, GATEWAYS) if one.is_ready()]
