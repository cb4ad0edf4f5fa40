"""`allows()` and `check_plan()`: the one way to ask which capabilities a workspace's plan holds."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.accounts.needs import IN_PERSON, SIGNED_IN, plan_for, right_for
from apps.billing.errors import NotInPlan
from apps.billing.models import Plan
from apps.billing.rules.capabilities import ALWAYS, CAPABILITIES, capability_of
from apps.billing.selectors import plans_with, terms_named, terms_of

PLANS_PAGE = "/plans/"


def allows(workspace: Workspace, capability: str) -> bool:
    """Whether the workspace's plan holds the capability, for example "can.trade_live". Asks no database, as a rule."""
    return capability in terms_of(workspace).capabilities


def check_plan(workspace: Workspace, capability: str) -> None:
    """Raises NotInPlan, with the plans that hold the capability, unless the workspace's does."""
    if not allows(workspace, capability):
        raise lacking(workspace, capability)


def plan_holds(code: str, version: int | None, capability: str) -> bool:
    """The same of a workspace that names its plan so; a plan that is gone holds nothing."""
    try:
        return capability in terms_named(code, version).capabilities
    except Plan.DoesNotExist:
        return False


def check_right(workspace: Workspace, right: str, named: str = "") -> None:
    """The same for what a route needs: the capability it names itself, else its right's."""
    capability = capability_of(right, named)
    if capability != ALWAYS:
        check_plan(workspace, capability)


def lacking(workspace: Workspace, capability: str) -> NotInPlan:
    """The refusal, as people and programs read it."""
    options = plans_with(capability)
    lack = CAPABILITIES[capability].lack
    return NotInPlan(
        gettext("The {name} plan does not include {lack}.{options}").format(
            name=terms_of(workspace).name, lack=lack, options=_advice(options)
        ),
        extra={"capability": capability, "link": PLANS_PAGE, "options": as_options(options)},
    )


def as_options(plans: list[Plan]) -> list[dict[str, Any]]:
    """Plans as refusals name them."""
    return [{"plan": plan.code, "name": plan.name} for plan in plans]


def _advice(plans: list[Plan]) -> str:
    names = [plan.name for plan in plans]
    if not names:
        return ""
    listed = (
        names[0]
        if len(names) == 1
        else gettext("{join} and {names}").format(join=", ".join(names[:-1]), names=names[-1])
    )
    return f" {listed} {'does' if len(names) == 1 else 'do'}."


def capability_named(view: Any, action: str, method: str) -> str:
    """What an action of the API needs of a plan; empty for nothing."""
    right = right_for(view, action, method)
    if right is None or right in (SIGNED_IN, IN_PERSON):
        return ""
    found = capability_of(right, plan_for(view, action, method))
    return "" if found == ALWAYS else found
