"""Plans side by side, as people compare them before they choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from apps.billing.choices import Interval, Period
from apps.billing.models import Plan, PlanLimit, PlanPrice
from apps.billing.rules.capabilities import BASE, CAPABILITIES, METERS, meter_named
from apps.billing.rules.money import money
from apps.billing.selectors.plans import current_plans
from apps.core.manner import written
from apps.core.words import gettext_lazy

AMOUNT_WORDS = {
    Period.MINUTE: gettext_lazy("{amount:,} a minute"),
    Period.DAY: gettext_lazy("{amount:,} a day"),
    Period.MONTH: gettext_lazy("{amount:,} a month"),
    Period.TOTAL: "{amount:,}",
}


@dataclass(frozen=True)
class Offer:
    """A plan with its price in the chosen currency and interval; None: it costs nothing."""

    plan: Plan
    price: PlanPrice | None
    is_sold: bool  # in the chosen currency, or for nothing

    @property
    def amount(self) -> str:
        return money(self.price.amount, self.price.currency) if self.price else ""

    @property
    def seat(self) -> str:
        """What one more seat costs; empty where none are sold."""
        if self.price is None or self.price.seat_amount is None:
            return ""
        return money(self.price.seat_amount, self.price.currency)


@dataclass(frozen=True)
class Line:
    """One row of the table: a word per plan; True and False are a tick and its absence."""

    words: str
    values: list[Any]
    hint: str = ""


@dataclass(frozen=True)
class Comparison:
    offers: list[Offer]
    limits: list[Line]
    capabilities: list[Line]
    currencies: list[str]
    currency: str
    interval: str


def compare(currency: str = "", interval: str = "") -> Comparison:
    """What is sold now. An unknown currency or interval is taken as the first one."""
    plans = current_plans()
    prices = [price for plan in plans for price in plan.prices.all() if price.is_active]
    currencies = sorted({price.currency for price in prices}, key=lambda code: (code != "USD", code))
    currency = currency if currency in currencies else (currencies[0] if currencies else "")
    interval = interval if interval in Interval.values else str(Interval.MONTH)
    chosen = {
        price.plan_id: price for price in prices if (price.currency, price.interval) == (currency, interval)
    }
    sold = {price.plan_id for price in prices}
    return Comparison(
        [Offer(plan, chosen.get(plan.pk), plan.pk in chosen or plan.pk not in sold) for plan in plans],
        _limits(plans),
        _capabilities(plans),
        currencies,
        currency,
        interval,
    )


def _limits(plans: list[Plan]) -> list[Line]:
    given = [{limit.meter: limit for limit in plan.limits.all()} for plan in plans]
    known = [meter for meter in METERS if any(meter in limits for limits in given)]
    others = sorted({meter for limits in given for meter in limits} - set(known))
    lines = [
        Line(meter_named(meter).words, [_amount(limits.get(meter)) for limits in given])
        for meter in (*known, *others)
    ]
    lines.append(
        Line(
            gettext("Credits"),
            [
                gettext("{monthly_credits:,} a month").format(monthly_credits=written(plan.monthly_credits))
                for plan in plans
            ],
            hint=CREDITS,
        )
    )
    lines.append(Line(gettext("Signals are kept"), [_days(plan.signal_days) for plan in plans]))
    lines.append(Line(gettext("Raw alerts are kept"), [_days(plan.alert_days) for plan in plans]))
    lines.append(Line(gettext("Its jobs go"), [_turn(plan, plans) for plan in plans], hint=PRIORITY))
    lines.append(
        Line(
            gettext("Second factor"),
            [gettext("required") if plan.requires_mfa else gettext("your choice") for plan in plans],
        )
    )
    return lines


CREDITS = gettext_lazy("Credits pay for messages that leave Candlewright, such as text messages.")
PRIORITY = gettext_lazy("Of work that waits. Nobody waits for ever: a longer wait goes before a larger plan.")


def _capabilities(plans: list[Plan]) -> list[Line]:
    """Those that tell the plans apart first, then what all of them hold. What is not built yet is left out."""
    shown = [name for name, one in CAPABILITIES.items() if not one.is_coming]
    held = {name: [name in plan.capabilities for plan in plans] for name in shown}
    order = sorted(shown, key=lambda name: (all(held[name]), name in BASE))
    return [Line(CAPABILITIES[name].words, held[name]) for name in order if any(held[name])]


def _turn(plan: Plan, plans: list[Plan]) -> str:
    """Before whose jobs a plan's jobs are taken."""
    below = [other for other in plans if other.rank < plan.rank]
    if not below:
        return gettext("in their turn")
    return gettext("before {plan}").format(plan=max(below, key=lambda other: other.rank).name)


def _amount(limit: PlanLimit | None) -> str:
    if limit is None or limit.amount == 0:
        return gettext("none")
    if limit.amount is None:
        return gettext("unlimited")
    return AMOUNT_WORDS[Period(limit.period)].format(amount=written(limit.amount))


def _days(days: int | None) -> str:
    return gettext("no end") if days is None else gettext("{days:,} days").format(days=written(days))
