"""What bots hold about people and workspaces."""

from apps.core.privacy import exempt, holds
from apps.core.words import gettext_noop

holds(
    "bots.Bot",
    gettext_noop("Bots: which formula trades where, with what capital"),
    workspace="workspace_id",
    mentions=("created_by",),
    without=("sim",),
)
holds(
    "bots.BotTransition",
    gettext_noop("How bots came from state to state"),
    workspace="bot__workspace_id",
    mentions=("actor",),
)
holds("bots.Decision", gettext_noop("What bots decided, bar by bar"), workspace="bot__workspace_id")
holds(
    "bots.Upgrade",
    gettext_noop("Bots on their way to another version of their formula"),
    workspace="bot__workspace_id",
    mentions=("actor",),
)
exempt("bots.Cohort", "Numbers of the engine between two bars; they name neither people nor workspaces.")
