"""Every route names the right it needs (`rules.RIGHTS`): `@needs` on a page, `rights` on an API view.

A log-in without the right is told so (403); an object of another workspace stays unknown (404). What the plan lacks
is told after that (402): billing knows which capability each right needs, and a route may name another one (`plan`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.confirm import require_confirmed
from apps.accounts.errors import RightMissing
from apps.accounts.models import ApiKey, Workspace
from apps.accounts.rules import ALWAYS, IN_PERSON, RIGHTS, SIGNED_IN, may
from apps.accounts.second_factor import require_factor_here, require_passed

__all__ = [
    "ALWAYS",
    "IN_PERSON",
    "SIGNED_IN",
    "HoldsRight",
    "needs",
    "plan_for",
    "plans_from",
    "require",
    "right_for",
]

View = Callable[..., HttpResponseBase]
READING = ("GET", "HEAD", "OPTIONS")

_ask_plan: list[Callable[[Workspace, str, str], None]] = []


def plans_from(function: Callable[[Workspace, str, str], None]) -> None:
    """Let `function(workspace, right, capability)` refuse what the workspace's plan does not hold; it raises.

    The capability is the one that the route names itself, else empty. Called by an app above in its `ready`.
    """
    _ask_plan[:] = [function]


def require(request: HttpRequest | Request, right: str, *, plan: str = "") -> None:
    """Raise RightMissing unless this request's role (and the scopes of its key) hold the right.

    Raises SecondFactorMissing when the workspace asks for a second factor that the person has not set up, and
    NotInPlan where its plan lacks the capability `plan`, or the right's own.
    """
    require_factor_here(request)
    if right in request.rights:  # type: ignore[union-attr]
        if plan != ALWAYS and _ask_plan:
            _ask_plan[0](request.workspace, right, plan)  # type: ignore[union-attr]
        return
    what, holders = RIGHTS[right]
    membership = request.membership  # type: ignore[union-attr]
    if membership and membership.workspace.closes_at and may(membership.role, right):
        why = gettext("{workspace} is being closed, so nothing in it can be changed").format(
            workspace=membership.workspace
        )
    elif membership and may(membership.role, right):
        why = gettext("This key or log-in does not carry the right {right} ({what})").format(
            right=right, what=f"{what[0].lower()}{what[1:]}"
        )
    else:
        words = (
            gettext("This needs the right {right} ({what}), which the role {roles} has; yours is {role}")
            if membership
            else gettext("This needs the right {right} ({what}), which the role {roles} has")
        )
        why = words.format(
            right=right,
            what=f"{what[0].lower()}{what[1:]}",
            roles=_any_of(holders),
            role=membership.role if membership else "",
        )
    raise RightMissing(f"{why}.", extra={"right": right})


def _any_of(roles: Sequence[str]) -> str:
    if len(roles) == 1:
        return roles[0]
    return gettext("{others} or {last}").format(others=", ".join(roles[:-1]), last=roles[-1])


def needs(
    right: str, *, writing: str | None = None, plan: str | tuple[str, str] = ""
) -> Callable[[View], View]:
    """A page for people who hold `right`; requests that change something need `writing`, if it is another.

    `plan` names the capability where it is not the right's own: one for all, or a pair for reading and writing.
    """
    plans = plan if isinstance(plan, tuple) else (plan, plan)
    for name in (right, writing or right):
        if name != SIGNED_IN and name not in RIGHTS:
            raise ImproperlyConfigured(f"no such right: {name}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            require_passed(request)
            reads = request.method in READING
            needed = right if reads else (writing or right)
            if needed != SIGNED_IN:
                require(request, needed, plan=plans[not reads])
            return view(request, *args, **kwargs)

        page = login_required(guarded)
        page.rights = (right, writing or right)  # type: ignore[attr-defined]  # both read by the access tests
        page.plans = plans  # type: ignore[attr-defined]
        return page

    return decorate


def right_for(view: Any, action: str, method: str) -> str | None:
    """What an API view's `rights` say of an action and method; None where they say nothing."""
    return _said(getattr(view, "rights", {}), action, method)


def plan_for(view: Any, action: str, method: str) -> str:
    """The capability an API view names for an action and method; empty where it is the right's own.

    Reading what is there and taking it away need none.
    """
    named = _said(getattr(view, "plan", {}), action, method)
    return named or (ALWAYS if method in (*READING, "DELETE") else "")


def _said(words: dict[str, str | tuple[str, str]], action: str, method: str) -> str | None:
    named = words.get(action) or words.get("*")
    return named[method not in READING] if isinstance(named, tuple) else named


class HoldsRight(BasePermission):
    """An API view names its rights in `rights`: {"list": "formulas.view", …} by action (or method, for plain views).

    A pair stands for (reading, writing), `"*"` for all not named, SIGNED_IN for what any log-in and key may do,
    IN_PERSON for what any log-in may do but no key. A view that names none is refused to all.
    `plan = {…}`, of the same form, names capabilities that are not the right's own.
    `confirmed = {"create", …}` names the actions before which the person must prove anew who they are.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not (request.user and request.user.is_authenticated):
            return False
        method = request.method or ""
        if method == "OPTIONS" or method.lower() not in getattr(view, "action_map", [method.lower()]):
            return True  # what the view takes may be asked; a method it does not take is answered 405
        require_passed(request)
        action = getattr(view, "action", None) or method.lower()
        needed = right_for(view, action, method)
        if needed is None:
            return False
        if needed == IN_PERSON:
            if isinstance(request.auth, ApiKey):
                raise RightMissing(
                    gettext("An API key cannot do this. Use a session or an access token of a person.")
                )
        elif needed != SIGNED_IN:
            require(request, needed, plan=plan_for(view, action, method))
        if action in getattr(view, "confirmed", ()):
            require_confirmed(request)
        return True
