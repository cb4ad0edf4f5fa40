"""What the markets hold about people and workspaces."""

from apps.core.privacy import exempt, holds
from apps.core.retention import keep
from apps.core.words import gettext_noop

holds("markets.Instrument", gettext_noop("Instruments"), workspace="workspace_id", folder="bars/{uuid}")
holds(
    "markets.BarSet",
    gettext_noop("Imported bars, with their files"),
    workspace="workspace_id",
    mentions=("imported_by",),
    files=("path",),
)
holds(
    "markets.Feed",
    gettext_noop("Live feeds and how they are set"),
    workspace="workspace_id",
    without=("worker",),
)
exempt("markets.LiveBar", "prices of a market, which go with their feed")
holds(
    "markets.MeasuredCost",
    gettext_noop("What your own orders have cost beyond their price"),
    workspace="workspace_id",
)

keep(
    "markets.live_bars",
    gettext_noop(
        "Bars that came by live feeds; what bots decided on them stays, and can no longer be computed anew"
    ),
    label="markets.LiveBar",
    moment="received_at",
    days=180,
    least=30,
)
