"""Our plans, packs and coupons at Stripe: made where they are missing, found by names that never change.

A price of Stripe's cannot be edited. One whose amounts are no longer ours is put aside for a new one under the same
lookup key; who has bought keeps the old.
"""

from __future__ import annotations

import hashlib

import stripe
from django.utils import timezone

from apps.billing.gateways.stripe.client import api, is_gone
from apps.billing.gateways.stripe.reading import Json
from apps.billing.models import Coupon, CreditPack, GatewayObject, PlanLimit, PlanPrice

CODE = "stripe"


def sync() -> int:
    """Bring everything that is sold over; returns how many objects were made or changed. Asks about each one."""
    count = Count()
    for price in PlanPrice.objects.filter(plan__is_current=True).select_related("plan"):
        price_id(price, count)
    for pack in CreditPack.objects.all():
        pack_id(pack, count)
    for coupon in Coupon.objects.filter(is_active=True).exclude(ends_at__lte=timezone.now()):
        coupon_id(coupon, count)
    return count.changed


class Count:
    """How many objects at Stripe were made or changed."""

    def __init__(self) -> None:
        self.changed = 0


def price_id(price: PlanPrice, count: Count | None = None) -> str:
    """Stripe's id of a price of a plan; made when there is none."""
    product = product_id(f"plan-{price.plan.code}", price.plan.name, "seat", count)
    included = PlanLimit.objects.filter(plan=price.plan_id, meter="seats").first()
    seats = 1 if included is None else included.amount
    wanted: Json = {
        "product": product,
        "currency": price.currency.lower(),
        "recurring": {"interval": price.interval},
        "nickname": str(price.plan.name),
        "tax_behavior": "exclusive",
    }
    if price.seat_amount is None or seats is None:
        # no further seats are sold: however many there are, the plan costs the same
        tiers: list[Json] = [{"up_to": "inf", "flat_amount": price.amount}]
    else:
        tiers = [
            {"up_to": seats, "flat_amount": price.amount},
            {"up_to": "inf", "unit_amount": price.seat_amount},
        ]
    wanted |= {"billing_scheme": "tiered", "tiers_mode": "graduated", "tiers": tiers}
    return _price(price.lookup_key, wanted, price.is_active, count)


def pack_id(pack: CreditPack, count: Count | None = None) -> str:
    """Stripe's id of the price of a pack of credits."""
    product = product_id(f"credits-{pack.code}", f"{pack.credits:,} credits", "pack", count)
    wanted: Json = {
        "product": product,
        "currency": pack.currency.lower(),
        "unit_amount": pack.amount,
        "tax_behavior": "exclusive",
    }
    return _price(f"credits-{pack.code}-{pack.currency.lower()}", wanted, pack.is_active, count)


def coupon_id(coupon: Coupon, count: Count | None = None) -> str:
    """Stripe's id of a coupon; how often and by whom it is used is checked here, before a checkout is opened."""
    terms: Json = {"duration": coupon.duration, "name": coupon.code}
    if coupon.percent_off is not None:
        terms["percent_off"] = coupon.percent_off
    else:
        terms |= {"amount_off": coupon.amount_off, "currency": coupon.currency.lower()}
    if coupon.months:
        terms["duration_in_months"] = coupon.months
    identifier = f"{coupon.code}-{digest(terms)}"  # other terms make another coupon
    ours = f"coupon:{identifier}"
    if count is None and known(ours):
        return identifier
    try:
        api().coupons.retrieve(identifier)
    except stripe.InvalidRequestError as error:
        if not is_gone(error):
            raise
        api().coupons.create(terms | {"id": identifier}, once(f"coupon-{identifier}"))
        add(count)
    keep(ours, identifier)
    return identifier


def product_id(identifier: str, name: str, unit: str, count: Count | None) -> str:
    """Stripe's id of a product, which is one of ours; its name is brought up to date."""
    ours = f"product:{identifier}:{digest({'name': name})}"
    if count is None and known(ours):
        return identifier
    try:
        found = api().products.retrieve(identifier)
    except stripe.InvalidRequestError as error:
        if not is_gone(error):
            raise
        fields = {"id": identifier, "name": name, "unit_label": unit}
        api().products.create(fields, once(ours))
        add(count)
    else:
        if found.name != name:
            api().products.update(identifier, {"name": name})
            add(count)
    keep(ours, identifier)
    return identifier


def _price(key: str, wanted: Json, active: bool, count: Count | None) -> str:
    """Stripe's id of the price with this name and these terms. Without a `count`, what is known is not asked about."""
    terms = digest(wanted)
    ours = f"price:{key}:{terms}"
    if count is None and (external := known(ours)):
        return external
    listed = api().prices.list({"lookup_keys": [key], "limit": 1}).data
    kept = listed[0].to_dict() if listed else None
    if kept is not None and (kept.get("metadata") or {}).get("terms") == terms:
        external = kept["id"]
        if kept["active"] != active:
            api().prices.update(external, {"active": active})
            add(count)
    else:
        fields = wanted | {
            "lookup_key": key,
            "transfer_lookup_key": True,
            "metadata": {"price": key, "terms": terms},
            "active": active,
        }
        # the price before it is part of the key: terms that come back are a new price, not a repeat
        external = api().prices.create(fields, once(f"{ours}-after-{kept['id'] if kept else ''}")).id
        if kept is not None:
            api().prices.update(kept["id"], {"active": False})
        add(count)
    keep(ours, external)
    return str(external)


def known(ours: str) -> str:
    found = GatewayObject.objects.filter(gateway=CODE, ours=ours).first()
    return found.external_id if found else ""


def keep(ours: str, external: str) -> None:
    GatewayObject.objects.filter(gateway=CODE, external_id=external).exclude(ours=ours).delete()
    GatewayObject.objects.update_or_create(
        gateway=CODE, ours=ours, defaults={"external_id": external, "synced_at": timezone.now()}
    )


def digest(terms: Json) -> str:
    return hashlib.sha256(repr(sorted(terms.items())).encode()).hexdigest()[:10]


def once(key: str) -> dict[str, str]:
    """The same key twice within a day is one request, whatever became of the first answer."""
    return {"idempotency_key": f"cw-{key}"}


def add(count: Count | None) -> None:
    if count is not None:
        count.changed += 1
