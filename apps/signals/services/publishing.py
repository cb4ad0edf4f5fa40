"""Showing a workspace's record to everybody."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core.words import gettext_lazy
from apps.journal.services import record
from apps.signals.errors import RecordRefused
from apps.signals.models import SignalChain
from apps.signals.services.sealing import chain_for

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
REVEALS = {
    None: gettext_lazy("Never"),
    24: gettext_lazy("After 1 day"),
    168: gettext_lazy("After 7 days"),
    720: gettext_lazy("After 30 days"),
}


@transaction.atomic
def publish_record(
    workspace: Workspace, *, slug: str | None, reveal_after_h: int | None, actor: User
) -> SignalChain:
    """Open the public page under `slug`, or close it (None). Raises `RecordRefused`.

    What was public may have been copied: closing takes nothing back.
    """
    if slug is not None and not SLUG.fullmatch(slug):
        raise RecordRefused(
            gettext("The address has 3 to 40 small letters, digits and hyphens, with no hyphen at its ends."),
            field="slug",
        )
    if reveal_after_h not in REVEALS:
        hours = ", ".join(str(hours) for hours in REVEALS if hours)
        raise RecordRefused(
            gettext("Contents are shown after {hours} hours, or never.").format(hours=hours),
            field="reveal_after_h",
        )
    chain = SignalChain.objects.select_for_update().get(pk=chain_for(workspace.pk).pk)
    before = {"slug": chain.slug, "reveal_after_h": chain.reveal_after_h}
    chain.slug, chain.reveal_after_h = slug, reveal_after_h
    after = {"slug": slug, "reveal_after_h": reveal_after_h}
    changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changes:
        try:
            with transaction.atomic():
                chain.save(update_fields=["slug", "reveal_after_h", "updated_at"])
        except IntegrityError:
            raise RecordRefused(gettext("This address is taken; choose another one."), field="slug") from None
        record(
            actor=actor, workspace=workspace, action="signals.record.published", target=chain, changes=changes
        )
    return chain
