"""Who may do what in a workspace: one matrix, read by pages, API, WebSockets and jobs alike.

A new right is a line here, and every route names the right it needs. An API key's scopes are names of rights too; it
may do what both its scopes and its person's present role allow.
"""

from __future__ import annotations

from collections.abc import Collection

from apps.accounts.choices import Role
from apps.core.words import gettext_lazy

O, A, T, N, V = Role.OWNER, Role.ADMIN, Role.TRADER, Role.ANALYST, Role.VIEWER  # noqa: E741

# instead of a right, for what is about the person, not about a workspace
SIGNED_IN = "signed in"
IN_PERSON = "in person"  # the same, but never for an API key: it belongs to one workspace, not to the person

# instead of a capability, for what no plan is needed
ALWAYS = "always"

# right: (what it lets one do, who holds it)
RIGHTS: dict[str, tuple[str, tuple[Role, ...]]] = {
    "workspace.view": (gettext_lazy("See the workspace, its members and its usage"), (O, A, T, N, V)),
    "workspace.manage": (gettext_lazy("Change the workspace's name and its security rules"), (O, A)),
    "workspace.own": (gettext_lazy("Hand the workspace to somebody else, or close it"), (O,)),
    "members.manage": (gettext_lazy("Invite people, change their roles, remove them"), (O, A)),
    "keys.use": (gettext_lazy("Make API keys, and end one's own"), (O, A, T, N)),
    "keys.manage": (gettext_lazy("See and end everybody's API keys"), (O, A)),
    "journal.view": (gettext_lazy("Read who did what, verify and export it"), (O, A)),
    "billing.view": (gettext_lazy("See the balance of credits and what they were spent on"), (O, A, T)),
    "billing.manage": (gettext_lazy("Change the plan, pay, see invoices"), (O,)),
    "markets.view": (gettext_lazy("See instruments and their bars"), (O, A, T, N, V)),
    "markets.edit": (gettext_lazy("Import bars, change instruments"), (O, A, T, N)),
    "formulas.view": (gettext_lazy("Read formulas, their versions and tests"), (O, A, T, N, V)),
    "formulas.edit": (gettext_lazy("Write, publish, fork and archive formulas"), (O, A, T, N)),
    "formulas.share": (gettext_lazy("Share a formula with somebody outside"), (O, A, T)),
    "backtests.view": (gettext_lazy("Read backtests, sweeps, walk-forwards and portfolios"), (O, A, T, N, V)),
    "backtests.run": (gettext_lazy("Run, cancel and delete them"), (O, A, T, N)),
    "bots.view": (gettext_lazy("See bots and everything they did"), (O, A, T, N, V)),
    "bots.manage": (gettext_lazy("Make, deploy, pause and stop bots"), (O, A, T)),
    "signals.view": (gettext_lazy("Read signals and the log of deliveries"), (O, A, T, N, V)),
    "signals.manage": (gettext_lazy("Make sources, turn their addresses, send test alerts"), (O, A, T)),
    "trading.view": (gettext_lazy("See accounts, orders, positions and the portfolio"), (O, A, T, N, V)),
    "trading.manage": (
        gettext_lazy("Place and cancel orders, set risk limits, throw and lift kill switches"),
        (O, A, T),
    ),
    "trading.accounts": (gettext_lazy("Connect accounts, rotate their keys, freeze them"), (O, A)),
    "webhooks.manage": (
        gettext_lazy("Make outgoing webhooks, see and replay what they were sent"),
        (O, A, T),
    ),
}


def rights_of(role: str, *, closing: bool = False) -> frozenset[str]:
    """Every right of a role; nothing for a word that is no role.

    In a workspace that is being closed one may only read, and its owner take that back.
    """
    held = (right for right, (_, holders) in RIGHTS.items() if role in holders)
    return frozenset(
        right for right in held if not closing or right.endswith(".view") or right == "workspace.own"
    )


def may(role: str, right: str) -> bool:
    """Whether the role holds the right. Raises KeyError for a right that is not in the matrix."""
    return role in RIGHTS[right][1]


# what a program may never be given: it could make itself stronger, or end what it belongs to
NOT_FOR_KEYS = frozenset({"keys.use", "keys.manage", "workspace.own"})


def grantable_scopes(rights: Collection[str]) -> frozenset[str]:
    """What somebody with these rights may give to an API key."""
    return frozenset(rights) - NOT_FOR_KEYS
