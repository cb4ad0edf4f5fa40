"""UT Bots: set up, changed, tried, and opened as a formula."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.formulas.library import template_of
from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.formulas.services.cases import copy_cases
from apps.journal.services import record
from apps.signals.choices import SourceKind
from apps.signals.errors import UtBotRefused
from apps.signals.models import UtBot
from apps.signals.services.sources import send_test_alert
from apps.signals.ut_bot.formula import TEMPLATE, formula_text, hash_of_text, text_of_rule
from apps.signals.ut_bot.messages import sample_message
from apps.signals.ut_bot.parameters import (
    ATR_PERIODS,
    EMA_PERIODS,
    read_multiplier,
    read_period,
    read_symbols,
    read_timeframe,
)

PARAMETERS = ("symbols", "timeframe", "ema_period", "atr_period", "multiplier")
FIELDS = ("name", "source", *PARAMETERS)
MOST_BOTS = 200


def check_ut_bot(values: dict[str, Any], workspace: Workspace) -> dict[str, Any]:
    """The values as they are stored, for those that are given. Raises `UtBotRefused` with the field at fault."""
    read: dict[str, Callable[[Any], Any]] = {
        "symbols": read_symbols,
        "timeframe": read_timeframe,
        "ema_period": lambda value: read_period("ema_period", value, EMA_PERIODS),
        "atr_period": lambda value: read_period("atr_period", value, ATR_PERIODS),
        "multiplier": read_multiplier,
    }
    checked: dict[str, Any] = {
        name: read[name](value) if name in read else value for name, value in values.items()
    }
    if "symbols" in checked:
        checked["symbols"] = list(checked["symbols"])
    if "name" in checked and not str(checked["name"]).strip():
        raise UtBotRefused(gettext("Give it a name."), field="name")
    if "source" in checked and checked["source"].workspace_id != workspace.pk:
        raise UtBotRefused(gettext("Choose a source of this workspace."), field="source")
    if "source" in checked and checked["source"].kind != SourceKind.TRADINGVIEW:
        raise UtBotRefused(
            gettext("Choose a source for TradingView; this one takes other senders."), field="source"
        )
    return checked


@transaction.atomic
def create_ut_bot(workspace: Workspace, values: dict[str, Any], *, actor: User) -> UtBot:
    """With the next number of its workspace. Raises `UtBotRefused`."""
    checked = check_ut_bot({name: values[name] for name in FIELDS if name in values}, workspace)
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # numbers one after another
    bots = UtBot.objects.filter(workspace=workspace)
    if bots.count() >= MOST_BOTS:
        raise UtBotRefused(
            gettext("A workspace has at most {most_bots} UT Bots; delete one first.").format(
                most_bots=MOST_BOTS
            )
        )
    number = (bots.aggregate(last=Max("number"))["last"] or 0) + 1
    bot = UtBot(workspace=workspace, number=number, **checked)
    bot.formula_hash = hash_of_text(text_of_rule(bot.rule))
    bot.save()
    record(
        actor=actor,
        workspace=workspace,
        action="signals.ut_bot.created",
        target=bot,
        changes={name: _plain(bot, name) for name in FIELDS},
    )
    return bot


@transaction.atomic
def update_ut_bot(bot: UtBot, values: dict[str, Any], *, actor: User) -> UtBot:
    """Change what is given. A script on TradingView goes on as it was pasted. Raises `UtBotRefused`."""
    checked = check_ut_bot({name: values[name] for name in FIELDS if name in values}, bot.workspace)
    before = {name: _plain(bot, name) for name in FIELDS}
    for name, value in checked.items():
        setattr(bot, name, value)
    changes = {
        name: [before[name], _plain(bot, name)] for name in FIELDS if before[name] != _plain(bot, name)
    }
    if changes:
        bot.formula_hash = hash_of_text(text_of_rule(bot.rule))
        bot.save()
        record(
            actor=actor, workspace=bot.workspace, action="signals.ut_bot.changed", target=bot, changes=changes
        )
    return bot


@transaction.atomic
def delete_ut_bot(bot: UtBot, *, actor: User) -> None:
    """Its signals, its source and its formula stay."""
    record(actor=actor, workspace=bot.workspace, action="signals.ut_bot.deleted", target=bot)
    bot.delete()


def try_ut_bot(bot: UtBot, *, actor: User) -> UUID:
    """Send the script's message through the intake's own door, as a test. Raises `SourceInactive`."""
    message = sample_message(
        bot.rule, formula=bot.formula_hash, now=timezone.now(), mark=f"test-{secrets.token_hex(4)}"
    )
    return send_test_alert(bot.source, actor=actor, body=json.dumps(message).encode())


@transaction.atomic
def formula_of_ut_bot(bot: UtBot, *, actor: User) -> Formula:
    """The same rule as a formula of the workspace, with the test of the published vector; the one made before is
    taken again while it still says the same."""
    text = formula_text(multiplier=bot.multiplier, atr_period=bot.atr_period, ema_period=bot.ema_period)
    if bot.formula and bot.formula.archived_at is None and bot.formula.text == text:
        return bot.formula
    formula = create_formula(bot.workspace, name=f"{bot.name} ({bot.strategy})", text=text, actor=actor)
    template = template_of(TEMPLATE)
    assert template is not None  # it is part of the library
    copy_cases(template.cases, formula)
    bot.formula = formula
    bot.save(update_fields=["formula", "updated_at"])
    return formula


def _plain(bot: UtBot, name: str) -> Any:
    value = getattr(bot, name)
    if name == "source":
        return str(bot.source.uuid)
    return f"{float(value):g}" if name == "multiplier" else value
