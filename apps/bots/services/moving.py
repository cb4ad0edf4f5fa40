"""The one writer of bots' states: each step is locked for, stored with its cause, journaled and told of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.bots.choices import Act, BotState, Cause, Mode
from apps.bots.events import BOT_PAUSED, BOT_STOPPED
from apps.bots.models import Bot, BotTransition, Cohort
from apps.bots.rules.transitions import after
from apps.core.arrays import integers, texts
from apps.core.jobs import enqueue_on_commit
from apps.core.kept import kept_in_words
from apps.core.live import push_on_commit
from apps.journal.services import record
from apps.notifications.services import NewNotice, queue_notices
from apps.trading.models import Position

_SAID = {BotState.PAUSED: BOT_PAUSED, BotState.STOPPED: BOT_STOPPED}
MOST_PUSHED = 100  # bots of one step whose own pages are told; the list hears of each workspace once
NAMED = 5

STORE = """
UPDATE bots_bot AS b SET state = t.state, cause = t.cause, words = t.words, wants_flat = t.wants_flat, updated_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::boolean[])
    AS t (id, state, cause, words, wants_flat) WHERE b.id = t.id
"""
RAISE_VERSIONS = (
    "UPDATE bots_cohort SET version = version + 1 WHERE id = ANY(%s::bigint[]) RETURNING id, last_number"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One bot's step: `words` say why in full, `effect` what becomes of its position.

    `bot` is locked and holds what it is to be after the step, its state excepted.
    """

    bot: Bot
    words: str = ""
    effect: str = ""


def locked_bot(bot: Bot) -> Bot:
    """The bot as it is now, its cohort's row and its own locked, in the order in which the runner takes them."""
    return locked_bots([bot.pk])[0]


def locked_bots(ids: Collection[int]) -> list[Bot]:
    """The bots as they are now, by id; the rows of their cohorts locked first, then their own."""
    cohorts = Bot.objects.filter(pk__in=ids, cohort__isnull=False).values_list("cohort_id", flat=True)
    wanted = sorted(set(cohorts))
    list(
        Cohort.objects.select_for_update(no_key=True)
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return list(
        Bot.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "feed__instrument", "account", "version", "cohort")
        .filter(pk__in=ids)
        .order_by("pk")
    )


def move(
    steps: Sequence[Step], act: Act, cause: str, *, actor: User | None = None, number: int | None = None
) -> None:
    """Write the steps and everything that follows from them, in a constant number of statements but for the journal.

    `number`: the last bar done before it, where it is not that of the bot's cohort. Raises ActRefused.
    """
    if not steps:
        return
    now = timezone.now()
    before = {step.bot.pk: step.bot.state for step in steps}
    for step in steps:
        step.bot.state = after(step.bot.state, act)
    bots = [step.bot for step in steps]
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            [
                now,
                integers([bot.pk for bot in bots]),
                texts([str(bot.state) for bot in bots]),
                texts([str(bot.cause) for bot in bots]),
                texts([bot.words[:300] for bot in bots]),
                ["t" if bot.wants_flat else "f" for bot in bots],
            ],
        )
        cursor.execute(RAISE_VERSIONS, [sorted({bot.cohort_id for bot in bots if bot.cohort_id is not None})])
        last = dict(cursor.fetchall())
    for cohort in sorted(last):
        enqueue_on_commit("bots.step_cohort", cohort_id=cohort)
    BotTransition.objects.bulk_create(
        [
            BotTransition(
                bot=step.bot,
                act=act,
                before=before[step.bot.pk],
                after=step.bot.state,
                cause=cause,
                words=step.words[:300],
                effect=step.effect,
                number=last.get(step.bot.cohort_id) if number is None else number,
                actor=actor,
                at=now,
            )
            for step in steps
        ]
    )
    for bot in bots:
        record(
            actor=actor,
            workspace=bot.workspace,
            action=f"bots.bot.{act.value}",
            target=bot,
            changes={"state": [before[bot.pk], str(bot.state)], "cause": str(cause)},
        )
    _push(bots)
    if actor is None and act in (Act.PAUSE, Act.STOP):
        _tell(steps, cause)


def holding(bots: Collection[Bot]) -> set[int]:
    """The ids of those whose book holds a position."""
    books = {bot.book_id: bot.pk for bot in bots if bot.book_id is not None}
    held = Position.objects.filter(book__in=books).exclude(units=0).values_list("book_id", flat=True)
    return {books[book] for book in held}


def effect_of(bot: Bot, *, holds: bool, flatten: bool, pausing: bool) -> str:
    """What becomes of its position, in words that are kept."""
    if not holds:
        return gettext_noop("It holds no position.")
    if flatten:
        if bot.mode == Mode.LIVE:
            return gettext_noop("Its position is being closed at the market.")
        return gettext_noop("Its position is closed at the next open.")
    if pausing:
        return gettext_noop("Its position stays; stop-loss, take-profit and trail of it still stand.")
    return gettext_noop("Its position stays.")


def _push(bots: Sequence[Bot]) -> None:
    for bot in bots[:MOST_PUSHED]:
        push_on_commit(bot.live_group, {"kind": "state", "state": str(bot.state)})
    for workspace, one in {bot.workspace_id: bot for bot in bots}.items():
        push_on_commit(
            f"workspace.{workspace}.bots", {"kind": "state", "bot": str(one.uuid), "state": str(one.state)}
        )


def _tell(steps: Sequence[Step], cause: str) -> None:
    """One notice for each workspace, however many of its bots were moved."""
    mine: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        mine[step.bot.workspace_id].append(step)
    queue_notices([_notice(some, Cause(cause)) for some in mine.values()])


def _notice(steps: Sequence[Step], cause: Cause) -> NewNotice:
    first = steps[0]
    bot, state = first.bot, BotState(first.bot.state)

    def said() -> dict[str, Any]:
        if len(steps) == 1:
            title, text = (
                gettext("{name} is {lower}").format(name=bot.name, lower=state.label.lower()),
                f"{kept_in_words(first.words)} {kept_in_words(first.effect)}".strip(),
            )
        else:
            names = ", ".join(step.bot.name for step in steps[:NAMED])
            if len(steps) > NAMED:
                names = gettext("{names} and {value} more").format(names=names, value=len(steps) - NAMED)
            title = gettext("{steps} bots are {lower}").format(steps=len(steps), lower=state.label.lower())
            text = gettext("{words} {names}. What became of each position stands on its page.").format(
                words=kept_in_words(first.words), names=names
            )
        return {
            "title": title,
            "text": text,
            "facts": [
                [gettext("Bots"), str(len(steps))] if len(steps) > 1 else [gettext("Bot"), bot.name],
                [gettext("Cause"), cause.label],
            ],
            "url": f"/bots/{bot.uuid}/" if len(steps) == 1 else "/bots/",
        }

    return NewNotice(
        person_id=bot.workspace.owner_id,
        workspace_id=bot.workspace_id,
        event=_SAID[state].name,
        key=f"bots:{bot.uuid}:{state.value}:{timezone.now().isoformat()}",
        data=said,
    )
