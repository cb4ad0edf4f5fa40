"""The UT Bot rule in our formula language: the library's text with the parameters as its defaults."""

from __future__ import annotations

from decimal import Decimal

from apps.engine.lang import compile_formula
from apps.formulas.library import template_of
from apps.formulas.selectors import check_report
from apps.signals.ut_bot.parameters import ATR_PERIODS, EMA_PERIODS, MULTIPLIERS, UtBotRule

TEMPLATE = "ut-bot"


def formula_text(*, multiplier: Decimal | float, atr_period: int, ema_period: int) -> str:
    """The rule; only the defaults of its inputs depend on the parameters."""
    template = template_of(TEMPLATE)
    assert template is not None  # it is part of the library
    inputs, rule = template.text.split("\n\n", 1)
    assert [line.split()[1] for line in inputs.splitlines()] == ["key", "atr_period", "ema_period"]
    return (
        f"input key = {float(multiplier)} in {MULTIPLIERS[0]}..{MULTIPLIERS[1]} step 0.01\n"
        f"input atr_period = {atr_period} in {ATR_PERIODS[0]}..{ATR_PERIODS[1]}\n"
        f"input ema_period = {ema_period} in {EMA_PERIODS[0]}..{EMA_PERIODS[1]}\n\n{rule}"
    )


def text_of_rule(rule: UtBotRule) -> str:
    return formula_text(multiplier=rule.multiplier, atr_period=rule.atr_period, ema_period=rule.ema_period)


def hash_of_text(text: str) -> str:
    """By which a formula's versions, and the alerts of its scripts, name it."""
    return str(check_report(text)["hash"])


def silent_bars(text: str) -> int:
    """On how many bars from the first the rule says nothing, since what it looks back on is not there yet."""
    return int(compile_formula(text).lookback)
