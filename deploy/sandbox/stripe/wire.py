"""Stripe's form encoding: `items[0][price]=price_1&expand[]=customer` to nested members, and lists of objects."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from deploy.sandbox.stripe.errors import StripeError
from deploy.sandbox.stripe.world import Object, World

PART = re.compile(r"\[([^\]]*)\]")
TOP = 10
MOST = 100


def decode(text: str) -> Object:
    """Every value is text, "" included; members named by numbers or by [] become lists."""
    tree: Object = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, _ = name.partition("[")
        path = [head, *PART.findall(name)]
        place = tree
        for step, following in zip(path, [*path[1:], None], strict=True):
            step = str(len(place)) if step == "" else step
            if following is None:
                place[step] = value
            else:
                place = place.setdefault(step, {})
                if not isinstance(place, dict):
                    raise StripeError(f"Invalid object: {name}", param=name)
    return {name: straight(value) for name, value in tree.items()}


def straight(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [straight(value[name]) for name in sorted(value, key=int)]
    return {name: straight(inner) for name, inner in value.items()}


def number(params: Object, name: str, default: int | None = None) -> int | None:
    value = params.get(name)
    if value is None or value == "":
        return default
    if value == "now":
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name) from None


def flag(params: Object, name: str, default: bool = False) -> bool:
    value = params.get(name, default)
    return value if isinstance(value, bool) else value == "true"


def needed(params: Object, name: str) -> Any:
    if params.get(name) in (None, ""):
        raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return params[name]


def metadata(target: Object, params: Object) -> Object:
    """The metadata after an update: given keys are set, those set to "" are removed, the rest stays."""
    given = params.get("metadata")
    kept = dict(target.get("metadata") or {})
    if given == "":
        return {}
    for key, value in (given or {}).items():
        if value == "":
            kept.pop(key, None)
        else:
            kept[key] = value
    return kept


PLAIN = (
    "active", "charge", "currency", "customer", "invoice", "payment_intent", "product", "subscription", "type",
    "price", "code", "coupon", "email", "collection_method", "lookup_key",
)  # fmt: skip


def list_of(world: World, kind: str, params: Object, url: str, members: list[Object] | None = None) -> Object:
    """A page of objects, newest first, with Stripe's filters and cursors."""
    found = list(world.all(kind)) if members is None else members
    found.reverse()
    for name in PLAIN:
        if name in params:
            wanted = params[name]
            found = [one for one in found if matches(one, name, wanted)]
    if kind == "invoice_payment" and isinstance(params.get("payment"), dict):
        wanted = params["payment"].get("payment_intent")
        found = [one for one in found if one["payment"].get("payment_intent") == wanted]
    if "lookup_keys" in params:
        found = [one for one in found if one.get("lookup_key") in params["lookup_keys"]]
    if "types" in params:
        found = [one for one in found if one["type"] in params["types"]]
    status = params.get("status")
    if status and status != "all":
        found = [one for one in found if one.get("status") == status]
    elif kind == "subscription" and status != "all":
        found = [one for one in found if one["status"] != "canceled"]
    if "ids" in params:
        found = [one for one in found if one["id"] in params["ids"]]
    created = params.get("created")
    if isinstance(created, dict):
        compare = {
            "gt": int.__gt__,
            "gte": int.__ge__,
            "lt": int.__lt__,
            "lte": int.__le__,
        }
        for name, bound in created.items():
            found = [one for one in found if compare[name](one["created"], int(bound))]
    elif created:
        found = [one for one in found if one["created"] == int(created)]
    limit = number(params, "limit", TOP) or TOP
    if not 1 <= limit <= MOST:
        raise StripeError("limit must be between 1 and 100", param="limit")
    ids = [one["id"] for one in found]
    if after := params.get("starting_after"):
        found = found[ids.index(after) + 1 :] if after in ids else []
    elif before := params.get("ending_before"):
        found = found[: ids.index(before)][-limit:] if before in ids else []
    page = world.as_list(found[:limit], url, len(found) > limit)
    expand = [path.removeprefix("data.") for path in params.get("expand", [])]
    page["data"] = [world.shown(one, expand) for one in page["data"]]
    return page


def matches(found: Object, name: str, wanted: Any) -> bool:
    if name == "subscription" and found["object"] == "invoice":
        details = (found.get("parent") or {}).get("subscription_details") or {}
        return bool(details.get("subscription") == wanted)
    value = found.get(name)
    if isinstance(value, bool):
        return value == (wanted == "true")
    return bool(value == wanted)
