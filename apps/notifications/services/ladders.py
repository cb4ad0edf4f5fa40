"""Ladders: which channel comes after which, until somebody answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.errors import Conflict
from apps.journal.services import record
from apps.notifications.channels.registry import CHANNELS
from apps.notifications.choices import Until
from apps.notifications.errors import BadLadder
from apps.notifications.models import Ladder

MOST_STEPS = 8
MOST_WAIT_S = 86_400
MOST_LADDERS = 20


def check_steps(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps as they are kept. Raises BadLadder naming the one that is wrong."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise BadLadder(
            gettext("A ladder has 1 to {most_steps} steps, not {steps}.").format(
                most_steps=MOST_STEPS, steps=len(steps)
            ),
            field="steps",
        )
    checked = []
    for number, step in enumerate(steps, start=1):
        channel, wait_s = step.get("channel"), step.get("wait_s", 0)
        if channel not in CHANNELS or channel == "inbox":
            raise BadLadder(
                gettext("Step {number}: there is no channel {value!r} to send by.").format(
                    number=number, value=str(channel)[:30]
                ),
                field="steps",
            )
        if not isinstance(wait_s, int) or isinstance(wait_s, bool) or not 0 <= wait_s <= MOST_WAIT_S:
            raise BadLadder(
                gettext("Step {number} waits 0 to {most_wait_s} seconds (a day).").format(
                    number=number, most_wait_s=MOST_WAIT_S
                ),
                field="steps",
            )
        checked.append({"channel": channel, "wait_s": wait_s})
    return checked


@transaction.atomic
def save_ladder(
    person: User,
    *,
    name: str,
    until: str,
    steps: Sequence[Mapping[str, Any]],
    actor: User,
    ladder: Ladder | None = None,
) -> Ladder:
    """Make a ladder, or change the given one. Raises BadLadder, Conflict for a name that another one has."""
    checked = check_steps(steps)
    is_new = ladder is None
    if ladder is None:
        if Ladder.objects.filter(person=person).count() >= MOST_LADDERS:
            raise Conflict(
                gettext("You have {most_ladders} ladders; remove one first.").format(
                    most_ladders=MOST_LADDERS
                )
            )
        ladder = Ladder(person=person)
    before = {"name": ladder.name, "until": str(ladder.until), "steps": ladder.steps}
    ladder.name, ladder.until, ladder.steps = name, Until(until), checked
    try:
        with transaction.atomic():
            ladder.save()
    except IntegrityError:
        raise Conflict(
            gettext("Another ladder of yours is called {name}.").format(name=name), field="name"
        ) from None
    after = {"name": ladder.name, "until": str(ladder.until), "steps": ladder.steps}
    changes = (
        after if is_new else {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    )
    if changes:
        verb = "made" if is_new else "changed"
        record(
            actor=actor, workspace=None, action=f"notifications.ladder.{verb}", target=ladder, changes=changes
        )
    return ladder


@transaction.atomic
def remove_ladder(ladder: Ladder, *, actor: User) -> None:
    """Raises Conflict while something uses it."""
    record(
        actor=actor,
        workspace=None,
        action="notifications.ladder.removed",
        target=ladder,
        changes={"name": ladder.name},
    )
    try:
        ladder.delete()
    except ProtectedError:
        raise Conflict(
            gettext("{name} is in use; choose another ladder there first.").format(name=ladder.name)
        ) from None
