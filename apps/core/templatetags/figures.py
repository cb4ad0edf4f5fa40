"""Figures as the whole product writes them: a true minus, thin spaces, the same decimals in a column, – for nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from apps.core.deeds import DEEDS
from apps.core.kept import kept_in_words
from apps.core.manner import NO_BREAK, manner

register = template.Library()

NOTHING = "–"
MINUS = "\u2212"
DAY_S = 86_400
_AMOUNT = re.compile(r"(?<=\d) (?=[A-Z]{3,5}\b)|(?<=\b[A-Z]{3}) (?=[−-]?\d)")
_DOT = re.compile(r"\s+·\s")

RATIOS = {
    "total_return", "max_drawdown", "win_rate", "exposure", "cagr", "volatility", "buy_and_hold",
    "buy_and_hold_return", "best_trade", "worst_trade", "average_trade", "avg_trade",
}  # fmt: skip
WORDS = {
    "cagr": "CAGR",
    "sqn": "SQN",
    "pnl": "P&L",
    "avg": "average",
    "mae": "MAE",
    "mfe": "MFE",
    "api": "API",
    "email": "e-mail",
    "ut": "UT",
    "portfoliorun": "portfolio",
    "walkforward": "walk-forward",
}


def _finite(value: Any) -> float | None:
    """The value as a float; None for what is missing, not a number or infinite."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _text(number: float, decimals: int) -> str:
    text = manner().figure(f"{abs(number):,.{decimals}f}")
    return MINUS + text if number < 0 and float(f"{number:.{decimals}f}") != 0 else text


@register.filter
def number(value: Any, decimals: int = 2) -> str:
    found = _finite(value)
    return NOTHING if found is None else _text(found, decimals)


@register.filter
def signed(value: Any, decimals: int = 2) -> str:
    """With + or −, for changes."""
    found = _finite(value)
    if found is None:
        return NOTHING
    text = _text(found, decimals)
    return text if text.startswith(MINUS) or found == 0 else f"+{text}"


@register.filter
def percent(value: Any, decimals: int = 1) -> str:
    """A fraction as percent: 0.051 is 5.1 %."""
    found = _finite(value)
    return NOTHING if found is None else manner().percent(_text(found * 100, decimals))


@register.filter
def points(value: Any, decimals: int = 2) -> str:
    """A change in percent points, 0.38 as +0.38 %."""
    text = signed(value, decimals)
    return text if text == NOTHING else manner().percent(text)


@register.filter
def gain(value: Any, decimals: int = 1) -> str:
    """A fraction won or lost as percent, with its sign."""
    found = _finite(value)
    return percent(value, decimals) if found is None or found <= 0 else f"+{percent(value, decimals)}"


@register.filter
def drawdown(value: Any, decimals: int = 1) -> str:
    """A drawdown, stored positive, shown as the loss it is."""
    found = _finite(value)
    return NOTHING if found is None else percent(-abs(found), decimals)


@register.filter
def price(value: Any, places: int | None = None) -> str:
    """With the decimals of its column (`price_places`); alone two for a large price, more for a small one."""
    found = _finite(value)
    if found is None:
        return NOTHING
    return _text(found, _places(found) if places is None else places)


def _places(price: float) -> int:
    size = abs(price)
    return 2 if size >= 10 else 4 if size >= 0.1 else 8


@register.simple_tag
def price_places(rows: Iterable[Any], *names: str) -> int:
    """The decimals of a column of prices: those its smallest needs, without zeros that all of them end in; at least
    two. `names` say where in a row prices stand; "fills.price" is that of each fill."""
    values = [value for row in rows for name in names for value in _at(row, name.split("."))]
    places = max((_places(value) for value in values if value), default=2)
    while places > 2 and all(round(value, places) == round(value, places - 1) for value in values):
        places -= 1
    return places


def _at(row: Any, path: list[str]) -> Iterator[float]:
    """The numbers of a row below a path through keys, attributes and lists."""
    if not path:
        found = _finite(row)
        if found is not None:
            yield found
        return
    inner = row.get(path[0]) if isinstance(row, dict) else getattr(row, path[0])
    for each in inner if isinstance(inner, list) else [inner]:
        yield from _at(each, path[1:])


@register.filter
def amount(value: Any) -> str:
    """A size as it is, without the zeros that say nothing: 0.25, not 0.250000000000."""
    if value is None or value == "":
        return NOTHING
    text = manner().figure(f"{Decimal(str(value)).normalize():,f}")
    return MINUS + text[1:] if text.startswith("-") else text


@register.filter
def units(value: Any) -> str:
    """A size to read down a column: four decimals, eight for what is below one, none for whole numbers."""
    found = _finite(value)
    if found is None:
        return NOTHING
    if found == int(found):
        return _text(found, 0)
    return _text(found, 4 if abs(found) >= 1 else 8)


@register.filter
def direction(value: Any) -> str:
    """The class that tints a gain or a loss."""
    found = _finite(value)
    if not found:
        return ""
    return "is-up" if found > 0 else "is-down"


@register.filter
def moment(value: Any) -> str:
    """2024-01-15, with the time of day where there is one, in the reader's order of day and month; zones stay."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        found = value
    else:
        found = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    letters = manner().date
    return format_date(found, letters if (found.hour, found.minute) == (0, 0) else f"{letters} H:i")


@register.filter
def dates_whole(text: Any) -> SafeString:
    """A sentence, or a field of a form, whose dates are not broken at their hyphens where the line ends."""
    date = r"\d{4}-\d\d-\d\d(?![^<>]*>)"  # not within a tag
    whole = re.sub(date, r'<span class="whitespace-nowrap">\g<0></span>', conditional_escape(text))
    return mark_safe(whole)  # noqa: S308  # escaped above


@register.filter
def true_minus(text: Any) -> str:
    """A sentence of the engine with the sign of its numbers as everywhere else."""
    return re.sub(r"(?<![\w.)\]-])-(?=\d)", MINUS, str(text))


@register.filter
def clock(value: datetime | None, with_seconds: bool = False) -> str:
    """When somebody did something, in the reader's time zone and order of day and month."""
    if value is None:
        return NOTHING
    reader = manner()
    letters = f"{reader.date} H:i:s e" if with_seconds else f"{reader.date} H:i"
    return format_date(value.astimezone(reader.zone), letters)


@register.filter
def age(value: datetime) -> str:
    """As "3 m ago"; after two weeks, or in the future, the date. The page's script (widgets.js) goes on from there and
    says the same of the same age."""
    seconds = round((timezone.now() - value).total_seconds())
    if not -5 <= seconds < 14 * DAY_S:
        return clock(value)
    if seconds < 45:
        return gettext("just now")
    if seconds < 3_600:
        return gettext("{count} m ago").format(count=max(1, (seconds + 30) // 60))
    if seconds < DAY_S:
        return gettext("{count} h ago").format(count=(seconds + 1_800) // 3_600)
    return gettext("{count} d ago").format(count=(seconds + DAY_S // 2) // DAY_S)


@register.filter
def words(value: Any) -> str:
    """take_profit as "take profit", in the reader's language."""
    text = str(value).replace("_", " ")
    return gettext(text) if text else ""


@register.filter
def kept(text: Any) -> str:
    """A sentence that is stored in English, in the reader's language; amounts stay with their currency."""
    return _AMOUNT.sub(NO_BREAK, kept_in_words(str(text))) if text else ""


@register.filter
def deed(action: str) -> str:
    """A journal's "accounts.api_key.created" as "API key created", in the reader's language."""
    parts = str(action).replace("_", ".").split(".")[1:]
    text = " ".join(WORDS.get(part, part) for part in parts)
    text = text[:1].upper() + text[1:]
    return gettext(text) if text in DEEDS else text


@register.filter
def metric_label(name: str) -> str:
    parts = [WORDS.get(part, part) for part in str(name).split("_")]
    text = " ".join(parts)
    return text[:1].upper() + text[1:]


@register.filter
def metric(value: Any, name: str) -> str:
    """A metric in the form its kind is read in."""
    if name == "max_drawdown":
        return drawdown(value, 2)
    if name in RATIOS or name.endswith("_return"):
        return percent(value, 2)
    if isinstance(value, int):
        return number(value, 0)
    if _finite(value) is None:
        return NOTHING if value is None else str(value)
    return number(value, 3)


@register.filter
def dots_held(html: str) -> SafeString:
    """Facts with dots between them: each dot keeps to the fact before it, so that no line begins with one."""
    return mark_safe(_DOT.sub("&nbsp;· ", html))  # noqa: S308  # the template has escaped it


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """The mapping's value of a key that only the page knows; None where there is none."""
    return mapping.get(key) if mapping else None


@register.filter
def json_text(value: Any) -> str:
    """A value as addresses carry it: true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)
