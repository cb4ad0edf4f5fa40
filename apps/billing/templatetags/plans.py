"""What a plan lacks, told where it is missed: a reason and the way out instead of a dead end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template

from apps.billing.rules.capabilities import CAPABILITIES
from apps.billing.rules.money import money
from apps.billing.selectors import plans_with, terms_of
from apps.billing.services import allows

register = template.Library()


@dataclass(frozen=True)
class Lack:
    """A capability that the plan does not hold, and the plans that do, by name."""

    words: str
    lack: str
    plan: str
    having: list[str]


@register.simple_tag(takes_context=True)
def plan_allows(context: dict[str, Any], capability: str) -> bool:
    """Whether the plan of the workspace one works in holds the capability."""
    return allows(context["request"].workspace, capability)


@register.simple_tag(takes_context=True)
def lack_of(context: dict[str, Any], capability: str) -> Lack | None:
    """What to tell where the plan lacks the capability; None where it holds it."""
    workspace = context["request"].workspace
    if allows(workspace, capability):
        return None
    known = CAPABILITIES[capability]
    having = [plan.name for plan in plans_with(capability)]
    return Lack(known.words, known.lack, terms_of(workspace).name, having)


@register.simple_tag
def amount(value: int | None, currency: str) -> str:
    """Minor units as people read them."""
    return "" if value is None else money(value, currency)
