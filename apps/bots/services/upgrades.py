"""A canary: the new version of a formula runs in shadow over the same bars before the bot moves to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.bots.choices import ON_FEED, Cause, UpgradeState
from apps.bots.errors import ActRefused, BotRefused
from apps.bots.events import UPGRADE_ENDED
from apps.bots.models import Bot, Upgrade
from apps.bots.selectors.journal import CONDITIONS
from apps.bots.services.life import move_to_version
from apps.bots.services.moving import locked_bot
from apps.bots.services.programs import program_of, warm_up_of
from apps.core.manner import written
from apps.engine.bars import Bars
from apps.engine.lang import FormulaError
from apps.engine.program.calendar import iso_time
from apps.formulas.models import FormulaVersion
from apps.journal.services import record
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, warm_up_bars
from apps.notifications.services import NewNotice, queue_notices

MOST_BARS = 10_000
SHOWN = 20  # bars of the report


@transaction.atomic
def start_upgrade(
    bot: Bot, after: FormulaVersion, *, bars: int, most_different: int, actor: User | None
) -> Upgrade:
    """Let `after` run in shadow for the next `bars` bars. Raises BotRefused and ActRefused."""
    bot = locked_bot(bot)
    if bot.state not in ON_FEED or bot.cohort is None:
        raise ActRefused(gettext("Only a bot that is on its feed can try another version; deploy it first."))
    if after.formula_id != bot.version.formula_id:
        raise BotRefused(gettext("Choose a version of the same formula."), field="version")
    if after.pk == bot.version_id:
        raise BotRefused(gettext("It runs this version already."), field="version")
    if not 1 <= bars <= MOST_BARS:
        raise BotRefused(
            gettext("The shadow runs for 1 to {most_bars:,} bars.").format(most_bars=written(MOST_BARS)),
            field="bars",
        )
    if bot.upgrades.filter(state=UpgradeState.SHADOWING).exists():
        raise ActRefused(gettext("A version runs in shadow already; cancel it first."))
    try:
        program_of(after.text, bot.inputs)
    except FormulaError as error:
        raise BotRefused(
            gettext("The new version does not take the bot's inputs: {error}").format(error=error),
            field="version",
        ) from None
    made = Upgrade.objects.create(
        bot=bot,
        before=bot.version,
        after=after,
        from_number=bot.cohort.last_number + 1,
        bars=bars,
        most_different=most_different,
        actor=actor,
    )
    record(
        actor=actor,
        workspace=bot.workspace,
        action="bots.upgrade.started",
        target=bot,
        changes={
            "version": [bot.version.number, after.number],
            "bars": bars,
            "most_different": most_different,
        },
    )
    return made


@transaction.atomic
def cancel_upgrade(upgrade: Upgrade, *, actor: User | None) -> None:
    """Go on with the version that runs. Raises ActRefused for one that has ended."""
    upgrade = Upgrade.objects.select_for_update().select_related("bot__workspace").get(pk=upgrade.pk)
    if upgrade.state not in (UpgradeState.SHADOWING, UpgradeState.DIFFERS):
        raise ActRefused(gettext("This upgrade has ended."))
    _end(upgrade, UpgradeState.CANCELLED)
    record(actor=actor, workspace=upgrade.bot.workspace, action="bots.upgrade.cancelled", target=upgrade.bot)


@transaction.atomic
def switch_now(upgrade: Upgrade, *, actor: User | None) -> None:
    """Move to the new version although it differed. Raises ActRefused for one that is not at that question."""
    upgrade = Upgrade.objects.select_for_update().get(pk=upgrade.pk)
    if upgrade.state != UpgradeState.DIFFERS:
        raise ActRefused(
            gettext("There is nothing to decide: it has not run to its end with too many differences.")
        )
    move_to_version(upgrade.bot, upgrade.after, Cause.PERSON, actor=actor)
    _end(upgrade, UpgradeState.SWITCHED)


@transaction.atomic
def roll_back(upgrade: Upgrade, *, actor: User | None) -> None:
    """Go back to the version before. Raises ActRefused where the bot has not moved or moved on since."""
    upgrade = Upgrade.objects.select_for_update().select_related("bot", "before").get(pk=upgrade.pk)
    if upgrade.state != UpgradeState.SWITCHED or upgrade.bot.version_id != upgrade.after_id:
        raise ActRefused(gettext("The bot does not run the version that this upgrade brought."))
    move_to_version(upgrade.bot, upgrade.before, Cause.PERSON, actor=actor)
    _end(upgrade, UpgradeState.ROLLED_BACK)


def finish_upgrades() -> int:
    """Compare what has run in shadow long enough, and move the bots that agree. Returns how many ended."""
    ended = 0
    due = Upgrade.objects.filter(
        state=UpgradeState.SHADOWING, bot__cohort__last_number__gte=F("from_number") + F("bars") - 1
    )
    for pk in due.order_by("id").values_list("pk", flat=True):
        with transaction.atomic():
            upgrade = (
                Upgrade.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("bot__workspace", "bot__version", "before", "after")
                .filter(pk=pk, state=UpgradeState.SHADOWING)
                .first()
            )
            if upgrade is not None:
                _finish(upgrade)
                ended += 1
    return ended


def _finish(upgrade: Upgrade) -> None:
    bot = upgrade.bot
    if bot.state not in ON_FEED or bot.version_id != upgrade.before_id:
        _end(upgrade, UpgradeState.CANCELLED)
        return
    upgrade.report = report = compare_versions(upgrade)
    agrees = report["different"] <= upgrade.most_different
    if agrees:
        move_to_version(bot, upgrade.after, Cause.CANARY, actor=None)
    _end(upgrade, UpgradeState.SWITCHED if agrees else UpgradeState.DIFFERS)
    queue_notices(
        [
            NewNotice(
                person_id=bot.workspace.owner_id,
                workspace_id=bot.workspace_id,
                event=UPGRADE_ENDED.name,
                key=f"bots:upgrade:{upgrade.uuid}",
                data=lambda: {
                    "title": gettext("{name}: version {number} ran in shadow").format(
                        name=bot.name, number=upgrade.after.number
                    ),
                    "text": gettext(
                        "Over {bars} bars it asked otherwise on {report}, and the bot moved to it."
                    ).format(bars=upgrade.bars, report=report["different"])
                    if agrees
                    else gettext(
                        "Over {bars} bars it asked otherwise on {report}, and the bot waits for you to decide."
                    ).format(bars=upgrade.bars, report=report["different"]),
                    "facts": [["Bars", str(upgrade.bars)], ["Different", str(report["different"])]],
                    "url": f"/bots/{bot.uuid}/",
                },
            )
        ]
    )


def compare_versions(upgrade: Upgrade) -> dict[str, Any]:
    """On how many of the shadow's bars the two versions asked for different things, and the first of these."""
    bot = upgrade.bot
    feed = Feed.objects.select_related("instrument").get(pk=bot.feed_id)
    programs = [program_of(version.text, bot.inputs) for version in (upgrade.before, upgrade.after)]
    warm = warm_up_bars(feed, before_number=upgrade.from_number, n=max(warm_up_of(one) for one in programs))
    shadow = bars_of_feed(feed, after_number=upgrade.from_number - 1, limit=upgrade.bars).bars
    bars = _joined(warm, shadow)
    asked = []
    for program in programs:
        orders = program.evaluate(bars).orders
        none = np.full(len(bars), np.nan)
        levels = [
            none if each is None or each.series is None else each.series
            for each in (orders.stop, orders.target, orders.trail)
        ]
        # a level matters where something is asked
        heeded = orders.flags != 0
        asked.append([orders.flags, *(np.where(heeded, level, np.nan) for level in levels)])
    differs = np.zeros(len(bars), np.bool_)
    for one, other in zip(*asked, strict=True):
        differs |= ~((one == other) | (np.isnan(one.astype(float)) & np.isnan(other.astype(float))))
    differs[: len(warm)] = False
    first = np.flatnonzero(differs)[:SHOWN]
    return {
        "bars": len(shadow),
        "different": int(differs.sum()),
        "asked_before": int(np.count_nonzero(asked[0][0][len(warm) :])),
        "asked_after": int(np.count_nonzero(asked[1][0][len(warm) :])),
        "first": [
            {
                "number": upgrade.from_number + int(i) - len(warm),
                "time": iso_time(int(bars.time[i])),
                "before": int(asked[0][0][i]),
                "after": int(asked[1][0][i]),
                "said_before": _words(int(asked[0][0][i])),
                "said_after": _words(int(asked[1][0][i])),
            }
            for i in first
        ],
    }


def _words(flags: int) -> str:
    """The conditions that held, in words; empty for none. Where both sides say the same, a level differs."""
    return ", ".join(name for bit, name in CONDITIONS.items() if flags & bit)


def _joined(before: Bars, after: Bars) -> Bars:
    columns = {
        name: np.concatenate([getattr(before, name), getattr(after, name)])
        for name in ("time", "open", "high", "low", "close", "volume")
    }
    return Bars(**columns, timeframe_ms=after.timeframe_ms, timezone=after.timezone, symbol=after.symbol)


def _end(upgrade: Upgrade, state: str) -> None:
    upgrade.state, upgrade.ended_at = state, timezone.now()
    upgrade.save(update_fields=["state", "ended_at", "report", "updated_at"])
