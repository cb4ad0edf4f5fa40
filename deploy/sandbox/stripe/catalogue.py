"""Products with their features, prices with tiers, coupons, promotion codes, tax rates."""

from __future__ import annotations

from typing import Any

from deploy.sandbox.stripe.errors import StripeError, missing
from deploy.sandbox.stripe.wire import flag, list_of, metadata, needed, number
from deploy.sandbox.stripe.world import Object, World

INTERVALS = ("day", "week", "month", "year")


def create_product(world: World, params: Object) -> Object:
    made = world.add(
        "prod",
        "product",
        {
            "id": params.get("id"),
            "active": flag(params, "active", True),
            "attributes": [],
            "default_price": None,
            "description": params.get("description"),
            "images": [],
            "marketing_features": params.get("marketing_features", []),
            "metadata": metadata({}, params),
            "name": needed(params, "name"),
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": params.get("statement_descriptor"),
            "tax_code": params.get("tax_code"),
            "type": "service",
            "unit_label": params.get("unit_label"),
            "updated": world.now(),
            "url": None,
        },
    )
    world.emit("product.created", made)
    return made


def update_product(world: World, params: Object, identifier: str) -> Object:
    product = world.get("product", identifier)
    fields: Object = {
        name: params[name]
        for name in ("name", "description", "unit_label", "default_price", "tax_code")
        if name in params
    }
    if "active" in params:
        fields["active"] = flag(params, "active")
    world.change(product, "product.updated", metadata=metadata(product, params), **fields)
    return product


def product_features(world: World, params: Object, identifier: str) -> Object:
    world.get("product", identifier)
    return list_of(
        world,
        "product_feature",
        params,
        f"/v1/products/{identifier}/features",
        [one for one in world.all("product_feature") if one["_product"] == identifier],
    )


def add_product_feature(world: World, params: Object, identifier: str) -> Object:
    world.get("product", identifier)
    feature = world.get("entitlements.feature", needed(params, "entitlement_feature"), "entitlement_feature")
    return world.add(
        "prodft", "product_feature", {"entitlement_feature": world.shown(feature), "_product": identifier}
    )


def create_feature(world: World, params: Object) -> Object:
    key = needed(params, "lookup_key")
    if len(key) > 80:
        raise StripeError("lookup_key is longer than 80 characters", param="lookup_key")
    if any(one["active"] for one in world.all("entitlements.feature", lookup_key=key)):
        raise StripeError(f"A feature with the lookup_key `{key}` exists", param="lookup_key")
    return world.add(
        "feat",
        "entitlements.feature",
        {
            "active": True,
            "lookup_key": key,
            "name": needed(params, "name"),
            "metadata": metadata({}, params),
        },
    )


def create_price(world: World, params: Object) -> Object:
    currency = needed(params, "currency").lower()
    product = params.get("product")
    if product is None and isinstance(params.get("product_data"), dict):
        product = create_product(world, params["product_data"])["id"]
    world.get("product", product, "product")
    key = params.get("lookup_key")
    if key:
        for other in world.all("price", lookup_key=key):
            if not flag(params, "transfer_lookup_key"):
                raise StripeError(
                    f"A price (`{other['id']}`) already uses that lookup key.", param="lookup_key"
                )
            world.change(other, "price.updated", lookup_key=None)
    tiers = [
        {
            "up_to": None if one.get("up_to") == "inf" else int(one["up_to"]),
            "flat_amount": number(one, "flat_amount"),
            "flat_amount_decimal": one.get("flat_amount"),
            "unit_amount": number(one, "unit_amount"),
            "unit_amount_decimal": one.get("unit_amount"),
        }
        for one in params.get("tiers", [])
    ]
    amount = None if tiers else number(params, "unit_amount")
    if amount is None and not tiers:
        raise StripeError(
            "Missing required param: unit_amount.", code="parameter_missing", param="unit_amount"
        )
    if tiers and (params.get("tiers_mode") != "graduated" or tiers[-1]["up_to"] is not None):
        raise StripeError("Tiers are graduated and end with up_to=inf in this sandbox.", param="tiers")
    recurring = params.get("recurring")
    if recurring:
        if recurring.get("interval") not in INTERVALS:
            raise StripeError("Invalid recurring[interval]", param="recurring[interval]")
        recurring = {
            "interval": recurring["interval"],
            "interval_count": number(recurring, "interval_count", 1),
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        }
    made = world.add(
        "price",
        "price",
        {
            "active": flag(params, "active", True),
            "billing_scheme": "tiered" if tiers else "per_unit",
            "currency": currency,
            "custom_unit_amount": None,
            "lookup_key": key,
            "metadata": metadata({}, params),
            "nickname": params.get("nickname"),
            "product": product,
            "recurring": recurring,
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tiers_mode": params.get("tiers_mode") if tiers else None,
            "transform_quantity": None,
            "type": "recurring" if recurring else "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": None if amount is None else str(amount),
            "_tiers": tiers,
        },
    )
    world.emit("price.created", made)
    return made


def update_price(world: World, params: Object, identifier: str) -> Object:
    price = world.get("price", identifier)
    fields: Object = {name: params[name] for name in ("nickname", "lookup_key") if name in params}
    if "active" in params:
        fields["active"] = flag(params, "active")
    world.change(price, "price.updated", metadata=metadata(price, params), **fields)
    return price


def amount_of(price: Object, quantity: int) -> int:
    """What so many units cost in one period, minor units: flat and unit amounts of the graduated tiers."""
    if price["billing_scheme"] == "per_unit":
        return int(price["unit_amount"]) * quantity
    total = below = 0
    for tier in price["_tiers"]:
        top = quantity if tier["up_to"] is None else min(quantity, tier["up_to"])
        if top > below:
            total += (tier["unit_amount"] or 0) * (top - below) + (tier["flat_amount"] or 0)
        below = max(below, top)
        if top >= quantity:
            break
    return total


def create_coupon(world: World, params: Object) -> Object:
    off, percent = number(params, "amount_off"), params.get("percent_off")
    if (off is None) == (percent is None):
        raise StripeError("You must pass either `amount_off` or `percent_off`.", param="percent_off")
    duration = params.get("duration", "once")
    made = world.add(
        "coupon",
        "coupon",
        {
            "id": params.get("id"),
            "amount_off": off,
            "currency": params.get("currency"),
            "duration": duration,
            "duration_in_months": number(params, "duration_in_months"),
            "max_redemptions": number(params, "max_redemptions"),
            "metadata": metadata({}, params),
            "name": params.get("name"),
            "percent_off": float(percent) if percent else None,
            "redeem_by": number(params, "redeem_by"),
            "times_redeemed": 0,
            "valid": True,
        },
    )
    world.emit("coupon.created", made)
    return made


def delete_coupon(world: World, params: Object, identifier: str) -> Object:
    coupon = world.get("coupon", identifier)
    world.emit("coupon.deleted", coupon)
    coupon |= {"deleted": True, "valid": False}
    return {"id": identifier, "object": "coupon", "deleted": True}


def usable_coupon(world: World, identifier: str) -> Object:
    coupon = world.get("coupon", identifier, "coupon")
    most, until = coupon["max_redemptions"], coupon["redeem_by"]
    if (most is not None and coupon["times_redeemed"] >= most) or (until and until < world.now()):
        raise StripeError(
            f"Coupon {identifier} is not valid any more.", code="coupon_expired", param="coupon"
        )
    return coupon


def create_promotion_code(world: World, params: Object) -> Object:
    promotion = params.get("promotion") or {}
    coupon = world.get("coupon", promotion.get("coupon") or params.get("coupon"), "promotion[coupon]")
    made = world.add(
        "promo",
        "promotion_code",
        {
            "active": flag(params, "active", True),
            "code": params.get("code") or world.new_id("")[1:9].upper(),
            "customer": params.get("customer"),
            "expires_at": number(params, "expires_at"),
            "max_redemptions": number(params, "max_redemptions"),
            "metadata": metadata({}, params),
            "promotion": {"type": "coupon", "coupon": coupon["id"]},
            "restrictions": {"first_time_transaction": False, "minimum_amount": None},
            "times_redeemed": 0,
        },
    )
    world.emit("promotion_code.created", made)
    return made


def update_promotion_code(world: World, params: Object, identifier: str) -> Object:
    code = world.get("promotion_code", identifier)
    fields: Object = {"active": flag(params, "active")} if "active" in params else {}
    world.change(code, "promotion_code.updated", metadata=metadata(code, params), **fields)
    return code


def coupon_of_code(world: World, typed: str) -> tuple[Object, Object]:
    """The promotion code that a person typed, and its coupon."""
    for code in world.all("promotion_code"):
        if code["active"] and code["code"].lower() == typed.strip().lower():
            return code, usable_coupon(world, code["promotion"]["coupon"])
    raise missing("promotion code", typed, "code")


def create_tax_rate(world: World, params: Object) -> Object:
    made = world.add(
        "txr",
        "tax_rate",
        {
            "active": True,
            "country": params.get("country"),
            "description": params.get("description"),
            "display_name": needed(params, "display_name"),
            "effective_percentage": float(needed(params, "percentage")),
            "inclusive": flag(params, "inclusive"),
            "jurisdiction": params.get("jurisdiction"),
            "metadata": metadata({}, params),
            "percentage": float(params["percentage"]),
            "rate_type": "percentage",
            "state": None,
            "tax_type": params.get("tax_type", "vat"),
        },
    )
    world.emit("tax_rate.created", made)
    return made


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/v1/products", create_product),
    ("POST", "/v1/products/{}", update_product),
    ("GET", "/v1/products/{}/features", product_features),
    ("POST", "/v1/products/{}/features", add_product_feature),
    ("POST", "/v1/entitlements/features", create_feature),
    ("POST", "/v1/prices", create_price),
    ("POST", "/v1/prices/{}", update_price),
    ("POST", "/v1/coupons", create_coupon),
    ("DELETE", "/v1/coupons/{}", delete_coupon),
    ("POST", "/v1/promotion_codes", create_promotion_code),
    ("POST", "/v1/promotion_codes/{}", update_promotion_code),
    ("POST", "/v1/tax_rates", create_tax_rate),
]
