"""The same done with many rows: what can be done is done, what is refused is told, what can be undone can be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from apps.core.errors import DomainError
from apps.core.lists.listing import Act, Listing

MOST = 500  # rows at once
UNDO = "list_undo"  # in the session: how to take the last act back


def act_on(request: HttpRequest, listing: Listing, rows: QuerySet[Any]) -> None:
    """Do the posted `act` with each of the `chosen` rows, and say what became of them.

    Raises Http404 where none of them is among `rows`.
    """
    act = next((each for each in listing.acts if each.name == request.POST.get("act")), None)
    chosen = list(dict.fromkeys(filter(None, map(_uuid, request.POST.getlist("chosen")))))[:MOST]
    if act is None or not chosen:
        messages.warning(request, gettext("Choose rows, and what to do with them."))
        return
    found = {row.uuid: row for row in rows.filter(listing.of(chosen))}
    if not found:
        raise Http404(gettext("None of the chosen rows is here."))
    done: list[UUID] = []
    refused: list[DomainError] = []
    for uuid in chosen:
        if uuid not in found:
            continue
        try:
            act.do(found[uuid], request)
        except DomainError as error:
            refused.append(error)
        else:
            done.append(uuid)
    _tell(request, act, done, refused, gone=len(chosen) - len(found))


def _tell(request: HttpRequest, act: Act, done: list[UUID], refused: list[DomainError], *, gone: int) -> None:
    if done:
        words = act.done[0] if len(done) == 1 else act.done[1].format(n=len(done))
        if act.undo:
            request.session[UNDO] = {
                "path": request.get_full_path(),
                "act": act.undo,
                "chosen": [str(uuid) for uuid in done],
            }
        messages.success(request, words, extra_tags="undo" if act.undo else "")
    if refused:
        reasons = " ".join(dict.fromkeys(error.message for error in refused))
        words = (
            gettext("1 stayed as it was")
            if len(refused) == 1
            else gettext("{refused} stayed as they were").format(refused=len(refused))
        )
        messages.error(request, f"{words}: {reasons}")
    if gone:
        words = (
            gettext("1 is no longer here.")
            if gone == 1
            else gettext("{gone} are no longer here.").format(gone=gone)
        )
        messages.warning(request, words)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
