"""Making, changing and copying bots. Moving them from state to state is `life`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.bots.choices import BotState, Mode, Policy
from apps.bots.errors import BotRefused
from apps.bots.models import Bot
from apps.bots.services.programs import account_rules, program_of, sim_params
from apps.core.kept import kept_in_words
from apps.core.manner import written
from apps.engine.lang import FormulaError
from apps.engine.program.calendar import check_fits
from apps.engine.program.errors import EvaluationError
from apps.engine.sim.spec import SimulationError, check_params
from apps.formulas.models import FormulaVersion
from apps.formulas.selectors import error_in_words, errors_in_words
from apps.journal.services import record
from apps.markets.models import Feed
from apps.trading.choices import AccountKind
from apps.trading.models import TradingAccount

CHANGEABLE = (
    "name",
    "tags",
    "version",
    "inputs",
    "feed",
    "account",
    "mode",
    "capital",
    "policy",
    "flattens_when_silent",
)
ALWAYS = ("name", "tags", "policy", "flattens_when_silent")  # also while it runs
MOST_TAGS, LONGEST_TAG = 20, 40
MOST_CAPITAL = Decimal("1e12")


@dataclass(frozen=True)
class BotRequest:
    """A bot as it is asked for; `inputs` that are not given stay at the formula's defaults."""

    name: str
    version: FormulaVersion
    feed: Feed
    account: TradingAccount
    capital: Decimal
    inputs: Mapping[str, Any] = field(default_factory=dict)
    mode: str = Mode.PAPER
    policy: str = Policy.RESUME
    tags: tuple[str, ...] = ()
    flattens_when_silent: bool = False


@transaction.atomic
def create_bot(
    workspace: Workspace, request: BotRequest, *, actor: User | None, cloned_from: Bot | None = None
) -> Bot:
    """A draft. Raises BotRefused with the field at fault."""
    bot = Bot(
        workspace=workspace,
        name=request.name.strip(),
        tags=_tags(request.tags),
        version=request.version,
        inputs=dict(request.inputs),
        feed=request.feed,
        account=request.account,
        mode=request.mode,
        capital=request.capital,
        policy=request.policy,
        flattens_when_silent=request.flattens_when_silent,
        created_by=actor,
        cloned_from=cloned_from,
    )
    _check(bot)
    bot.save()
    record(
        actor=actor,
        workspace=workspace,
        action="bots.bot.created",
        target=bot,
        changes=_plain(bot, CHANGEABLE),
    )
    return bot


@transaction.atomic
def change_bot(bot: Bot, values: Mapping[str, Any], *, actor: User | None) -> Bot:
    """Change what is given. What decides its trades only while it is off its feed. Raises BotRefused."""
    bot = (
        Bot.objects.select_for_update(of=("self",))
        .select_related("version", "feed__instrument", "account")
        .get(pk=bot.pk)
    )
    before = _plain(bot, CHANGEABLE)
    for name, value in values.items():
        if name in CHANGEABLE:
            setattr(bot, name, _tags(value) if name == "tags" else value)
    changed = {
        name: [before[name], now] for name, now in _plain(bot, CHANGEABLE).items() if before[name] != now
    }
    frozen = sorted(set(changed) - set(ALWAYS))
    if frozen and bot.state not in (BotState.DRAFT, BotState.STOPPED):
        raise BotRefused(
            gettext("Stop the bot before changing its {frozen}.").format(frozen=frozen[0]), field=frozen[0]
        )
    if frozen and bot.cohort_id is not None:
        raise BotRefused(
            gettext("Its position is still to be closed; change it after that."), field=frozen[0]
        )
    money = [name for name in frozen if name in ("account", "capital", "feed", "mode")]
    if money and bot.book_id is not None:
        raise BotRefused(
            gettext(
                "Its book was opened with this {money}; clone the bot to begin anew with another."
            ).format(money=money[0]),
            field=money[0],
        )
    _check(bot)
    if changed:
        bot.save()
        record(actor=actor, workspace=bot.workspace, action="bots.bot.changed", target=bot, changes=changed)
    return bot


def clone_bot(bot: Bot, *, name: str, actor: User | None) -> Bot:
    """A draft with the same settings and the same capital in a book of its own; nothing of its history goes along."""
    request = BotRequest(
        name=name,
        version=bot.version,
        feed=bot.feed,
        account=bot.account,
        capital=bot.capital,
        inputs=bot.inputs,
        mode=bot.mode,
        policy=bot.policy,
        tags=tuple(bot.tags),
        flattens_when_silent=bot.flattens_when_silent,
    )
    return create_bot(bot.workspace, request, actor=actor, cloned_from=bot)


@transaction.atomic
def delete_bot(bot: Bot, *, actor: User | None) -> None:
    """Only a draft that never ran; others are archived, since their books stay. Raises BotRefused."""
    bot = Bot.objects.select_for_update().get(pk=bot.pk)
    if bot.state != BotState.DRAFT:
        raise BotRefused(
            gettext("It has run: archive it instead. Its orders and its book stay."),
            status=409,
            code="bot_state",
        )
    record(actor=actor, workspace=bot.workspace, action="bots.bot.deleted", target=bot)
    bot.delete()


def _check(bot: Bot) -> None:
    if not bot.name.strip():
        raise BotRefused(gettext("Give it a name."), field="name")
    if bot.version.formula.workspace_id != bot.workspace_id:
        raise BotRefused(
            gettext("Choose a published version of a formula of this workspace."), field="version"
        )
    if bot.feed.workspace_id not in (None, bot.workspace_id):
        raise BotRefused(gettext("Choose a feed of this workspace, or a shared one."), field="feed")
    if bot.account.workspace_id != bot.workspace_id:
        raise BotRefused(gettext("Choose an account of this workspace."), field="account")
    if (bot.mode == Mode.LIVE) is not (bot.account.kind == AccountKind.EXCHANGE):
        wanted = "an exchange account" if bot.mode == Mode.LIVE else "a paper account"
        raise BotRefused(
            gettext("A bot in {lower} mode needs {wanted}.").format(
                lower=bot.get_mode_display().lower(), wanted=wanted
            ),
            field="account",
        )
    if not 0 < bot.capital <= MOST_CAPITAL:
        raise BotRefused(
            gettext("The capital must be above 0 and at most {most_capital:,.0f}.").format(
                most_capital=written(MOST_CAPITAL)
            ),
            field="capital",
        )
    try:
        program = program_of(bot.version.text, bot.inputs)
    except FormulaError as error:
        raise BotRefused(errors_in_words(error), field="inputs") from None
    if not program.plan.watches:
        raise BotRefused(
            gettext("This formula never asks for anything: it has no condition and no alert."),
            field="version",
        )
    try:
        for frame, _ in program.frames.values():
            check_fits(frame, bot.feed.timeframe_ms)
        params = sim_params(bot.account, bot.feed.instrument, float(bot.capital))
        check_params(params)
        account_rules(program, params)
    except EvaluationError as error:
        raise BotRefused(
            gettext("The formula does not fit this feed: {error}").format(error=error_in_words(error)),
            field="feed",
        ) from None
    except SimulationError as error:
        raise BotRefused(kept_in_words(str(error)), field="capital") from None


def _tags(tags: Any) -> list[str]:
    found = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    if len(found) > MOST_TAGS:
        raise BotRefused(
            gettext("A bot has at most {most_tags} tags.").format(most_tags=MOST_TAGS), field="tags"
        )
    for tag in found:
        if len(tag) > LONGEST_TAG:
            raise BotRefused(
                gettext("A tag has at most {longest_tag} letters: “{tag}…” has more.").format(
                    longest_tag=LONGEST_TAG, tag=tag[:20]
                ),
                field="tags",
            )
    return found


def _plain(bot: Bot, names: tuple[str, ...]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name in names:
        value = getattr(bot, name)
        if name in ("feed", "account", "version"):
            plain[name] = str(value.uuid)
        else:
            plain[name] = str(value) if isinstance(value, Decimal) else value
    return plain
