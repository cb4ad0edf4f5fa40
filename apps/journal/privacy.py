"""What the journal holds about people. Its entries stay; what of them is personal is erased with the person."""

from apps.core.privacy import exempt, holds
from apps.core.words import gettext_noop

holds(
    "journal.Entry",
    gettext_noop("The journal: who did what, and when"),
    workspace="workspace_id",
    person="actor_id",
    mentions=("subject_id",),
    stays=gettext_noop(
        "The record of what was done must stay whole, so that nobody can rewrite it. Names, addresses and devices "
        "are erased from it; a number without a name stays."
    ),
)
holds(
    "journal.PersonalPart",
    gettext_noop("Names, addresses and devices in the journal"),
    person="person_id",
    without=("salt",),
    by_room=True,
)
exempt("journal.Seal", "hashes over entries, no person")
exempt("journal.Checkpoint", "hashes over seals, no person")
exempt("journal.Clock", "how far the journal was read")
exempt("journal.Cursor", "how far the journal was read")
exempt("journal.Retry", "entries to be read again, by number")
exempt("journal.Verification", "counts and faults of verifications, entries by number")
