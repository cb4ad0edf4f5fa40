"""Amounts of money in templates."""

from __future__ import annotations

from django import template

from apps.billing.rules.money import money
from apps.core.countries import country_named

register = template.Library()
register.filter(country_named)


@register.filter
def money_in(amount: int | None, currency: str) -> str:
    """Minor units as people read them: 2900 in USD is "USD 29.00"; nothing for None."""
    return "" if amount is None else money(amount, currency)


@register.filter
def figure_in(amount: int | None, currency: str) -> str:
    """The same without the currency, for columns that name it."""
    return "" if amount is None else money(amount, currency, code=False)
