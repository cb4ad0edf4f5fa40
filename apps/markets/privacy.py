"""What the markets hold about people and workspaces."""

from apps.core.privacy import holds

holds("markets.Instrument", "Instruments", workspace="workspace_id", folder="bars/{uuid}")
holds(
    "markets.BarSet",
    "Imported bars, with their files",
    workspace="workspace_id",
    mentions=("imported_by",),
    files=("path",),
)
