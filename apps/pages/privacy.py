"""What pages that join rooms hold about people and workspaces."""

from apps.core.privacy import exempt, holds
from apps.core.words import gettext_noop

holds("pages.FirstRun", gettext_noop("How far the first run of a workspace is"), workspace="workspace_id")
exempt("pages.Guest", "Names the one made-up person who stands for all visitors of the demo.")
