"""What an alert says and when two alerts are the same one. Pure: bytes and times in, values out."""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Self

from apps.signals import passphrases
from apps.signals.choices import Action
from apps.signals.errors import AlertRefused, FieldProblem
from apps.signals.text_templates import Line, match_text

MAX_BODY_BYTES = 64 * 1024
MAX_DEPTH = 50
REPEAT_WINDOW = timedelta(seconds=60)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST_AHEAD = {
    "timestamp": timedelta(days=1),
    "bar_time": timedelta(days=35),  # the closing time of a monthly bar
}
PRICE_PLACES = Decimal("1e-12")
PRICE_LIMIT = Decimal("1e15")

_ALIASES = {"symbol": "ticker", "timeframe": "interval", "bar_time": "time"}
_ACTIONS = {
    "buy": Action.BUY,
    "long": Action.BUY,
    "sell": Action.SELL,
    "short": Action.SELL,
    "exit": Action.EXIT,
    "close": Action.EXIT,
    "flat": Action.EXIT,
    "info": Action.INFO,
}
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_SYMBOL = re.compile(r"(?:(?P<exchange>[A-Z0-9_]{1,20}):)?(?P<symbol>[A-Z0-9][A-Z0-9._!&/\-]{0,39})")
_DECIMAL = re.compile(r"[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,2})?")
_TIMEFRAME = re.compile(r"(\d{0,4})\s*([A-Za-z]*)")
_EPOCH = re.compile(r"\d{9,14}(\.\d{1,9})?")
_TIMEFRAME_UNITS = {
    **dict.fromkeys(("s", "S", "sec"), "s"),
    **dict.fromkeys(("", "m", "min"), "m"),
    **dict.fromkeys(("h", "H", "hour"), "h"),
    **dict.fromkeys(("d", "D", "day"), "d"),
    **dict.fromkeys(("w", "W", "week"), "w"),
    **dict.fromkeys(("M", "mo", "month"), "M"),
}


class AlertContent(NamedTuple):
    """A readable alert. Times are aware UTC; `payload` is the whole JSON object as sent."""

    symbol: str
    exchange: str
    action: Action
    timeframe: str
    price: Decimal | None
    emitted_at: datetime | None
    bar_time: datetime | None
    alert_id: str
    seq: int | None
    strategy: str
    parameters: dict[str, Any]
    payload: dict[str, Any]


class DedupeKey(NamedTuple):
    """`key` is unique within a source.

    `previous` is set for an alert with nothing to tell it from a later one: a stored alert of that key
    younger than `REPEAT_WINDOW` is the same alert too.
    """

    key: str
    previous: str | None = None


def read_alert(body: bytes, *, received_at: datetime, template: Sequence[Line] = ()) -> AlertContent:
    """Read the JSON object in `body`, or plain text that has a form of the template, whatever its content type said.

    Raises `AlertRefused` with all problems.
    """
    payload = read_payload(body, template)
    problems: list[FieldProblem] = []
    unknown: list[FieldProblem] = []

    def read(name: str, convert: Callable[[Any], Any], *, empty: Any, into: list[FieldProblem]) -> Any:
        sent_as, value = _lookup(payload, name)
        if value is None or value == "":
            return empty
        if isinstance(value, str) and "{{" in value:
            message = "still holds a placeholder that TradingView did not fill in"
            problems.append(FieldProblem(sent_as, message, _short(value)))
            return empty
        try:
            return convert(value)
        except ValueError as error:
            into.append(FieldProblem(sent_as, str(error), _short(value)))
            return empty

    exchange, symbol = read("symbol", _symbol, empty=("", ""), into=unknown)
    timeframe = read("timeframe", _timeframe, empty="", into=unknown)
    action = read("action", _action, empty=None, into=problems)
    price = read("price", _price, empty=None, into=problems)
    emitted_at = read("timestamp", _time_reader("timestamp", received_at), empty=None, into=problems)
    bar_time = read("bar_time", _time_reader("bar_time", received_at), empty=None, into=problems)
    alert_id = read("id", _long_text, empty="", into=problems)
    seq = read("seq", _sequence, empty=None, into=problems)
    strategy = read("strategy", _long_text, empty="", into=problems)
    parameters = read("parameters", _parameters, empty={}, into=problems)
    sent_exchange = read("exchange", _short_text, empty="", into=problems)
    for name in ("symbol", "action"):
        if _lookup(payload, name)[1] in (None, ""):
            problems.append(FieldProblem(name, "is required"))

    if problems:
        raise AlertRefused(_sentence(problems), problems=(*problems, *unknown))
    if unknown:
        code = "unknown_symbol" if unknown[0].field in ("symbol", "ticker") else "unknown_timeframe"
        raise AlertRefused(_sentence(unknown), problems=tuple(unknown), code=code, status=422)
    return AlertContent(
        symbol=symbol,
        exchange=exchange or sent_exchange.upper(),
        action=action,
        timeframe=timeframe,
        price=price,
        emitted_at=emitted_at,
        bar_time=bar_time,
        alert_id=alert_id,
        seq=seq,
        strategy=strategy,
        parameters=parameters,
        payload=payload,
    )


def dedupe_key(alert: AlertContent, *, received_at: datetime, delivery_id: str = "") -> DedupeKey:
    """The sender's id; else that of the delivery, where there is one (a signed webhook-id, a mail's Message-ID); else
    the hash of the content, which holds the bar time.

    An alert with neither id, time nor sequence number says the same thing each time it fires. Its key also
    carries the minute it came in, so that a resend is a repeat and tomorrow's alert is a new one.
    """
    if alert.alert_id:
        return DedupeKey(key_of_id(alert.alert_id))
    if delivery_id:
        return DedupeKey(f"delivery:{delivery_id}")
    canonical = json.dumps(alert.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    if alert.bar_time or alert.emitted_at or alert.seq is not None:
        return DedupeKey(f"body:{digest}")
    minute = int(received_at.timestamp() // REPEAT_WINDOW.total_seconds())
    return DedupeKey(f"body:{digest}@{minute}", f"body:{digest}@{minute - 1}")


def key_of_id(alert_id: str) -> str:
    """The key of an alert whose sender names it."""
    return f"id:{alert_id}"


def rejected_key(body: bytes) -> DedupeKey:
    """An unreadable body is kept for review once, however often it is resent; its id is not taken by it."""
    return DedupeKey(f"rejected:{hashlib.sha256(body).hexdigest()}")


class _Number(float):
    """A JSON number with a point or exponent that remembers how it was written, for exact prices."""

    literal: str

    def __new__(cls, literal: str) -> Self:
        number = super().__new__(cls, literal)
        if math.isinf(number):
            raise ValueError(f"the number {literal[:20]} is too large")
        number.literal = literal
        return number


def read_payload(body: bytes, template: Sequence[Line]) -> dict[str, Any]:
    """What the body says, without a passphrase. With a template, what does not begin like an object is text."""
    if template and not body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        payload: dict[str, Any] = dict(match_text(template, passphrases.without(_text_of(body))))
    else:
        payload = parse_json_object(body)
    payload.pop(passphrases.NAME, None)
    return payload


def _text_of(body: bytes) -> str:
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8 text (byte {error.start})."
        raise AlertRefused(message, code="invalid_text") from error
    if _NO_TEXT.search(text):
        raise AlertRefused("The body holds a character no text can have (NUL).", code="invalid_text")
    return text


def parse_json_object(body: bytes) -> dict[str, Any]:
    """The object in `body` (UTF-8, with or without byte order mark). Raises `AlertRefused`."""
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
        value = _decode(text)
    except UnicodeDecodeError as error:
        raise AlertRefused(
            f"The body is not UTF-8 text (byte {error.start}).", code="invalid_json"
        ) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise AlertRefused(
            f"The body is not valid JSON: {error.msg} at {where}.", code="invalid_json"
        ) from error
    except RecursionError as error:
        raise AlertRefused(
            "The body is not valid JSON: it is nested too deeply.", code="invalid_json"
        ) from error
    except ValueError as error:
        raise AlertRefused(f"The body is not valid JSON: {error}.", code="invalid_json") from error
    if not isinstance(value, dict):
        raise AlertRefused("The body must be one JSON object, such as {…}.", code="invalid_json")
    # such a character can only come from an escape, and so much nesting only from so many brackets
    if "\\u" in text or text.count("{") + text.count("[") >= MAX_DEPTH:
        for part in _texts(value):
            if _NO_TEXT.search(part):
                message = "The body holds a character no text can have (NUL or half a surrogate pair)."
                raise AlertRefused(message, code="invalid_json")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number; a plot without a value prints it")


_decode = json.JSONDecoder(parse_float=_Number, parse_constant=_refuse_constant).decode


def _texts(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys too. Raises `AlertRefused` below `MAX_DEPTH`, where others would recurse."""
    stack = [(value, 1)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH:
            message = f"The body is nested too deeply; {MAX_DEPTH} levels are allowed."
            raise AlertRefused(message, code="invalid_json")
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend((key, depth) for key in item)
            stack.extend((member, depth + 1) for member in item.values())
        elif isinstance(item, list):
            stack.extend((member, depth + 1) for member in item)


def _lookup(payload: dict[str, Any], name: str) -> tuple[str, Any]:
    """The value under `name` or its TradingView alias, and the name it was found under."""
    value = payload.get(name)
    if value is None or value == "":
        alias = _ALIASES.get(name)
        if alias in payload:
            return alias, payload[alias]
    return name, value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _sentence(problems: list[FieldProblem]) -> str:
    return "; ".join(f"{problem.field}: {problem.message}" for problem in problems) + "."


def _symbol(value: Any) -> tuple[str, str]:
    match = None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        match = _SYMBOL.fullmatch(str(value).strip().upper())
    if match is None:
        raise ValueError("is not a symbol; expected something like BTCUSDT or BINANCE:BTCUSDT.P")
    return match["exchange"] or "", match["symbol"]


def _timeframe(value: Any) -> str:
    """`60` -> `1h`, `D` -> `1d`, `4H` -> `4h`, `1M` -> `1M`; a bare number counts minutes, as on TradingView."""
    match = None
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        match = _TIMEFRAME.fullmatch(str(value).strip())
    count = int(match[1] or 1) if match and match[0] else 0
    unit = _TIMEFRAME_UNITS.get(match[2]) if match else None
    if unit is None or count < 1:
        raise ValueError("is not a timeframe; expected something like 15, 60, 1h, 4H, D, 1W or 1M")
    if unit == "m" and count % 60 == 0:
        return f"{count // 60}h" if count % 1440 else f"{count // 1440}d"
    return f"{count}{unit}"


def _action(value: Any) -> Action:
    action = _ACTIONS.get(value.strip().lower()) if isinstance(value, str) else None
    if action is None:
        raise ValueError(f"is not an action; expected one of {', '.join(_ACTIONS)}")
    return action


def _price(value: Any) -> Decimal:
    text = ""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = value.literal if isinstance(value, _Number) else str(value).strip()
    price = Decimal(text) if _DECIMAL.fullmatch(text) else Decimal(0)
    if not PRICE_PLACES <= price < PRICE_LIMIT:
        raise ValueError("is not a price; expected a positive number such as 45000.5")
    return price.quantize(PRICE_PLACES).normalize() + 0


def _time_reader(name: str, received_at: datetime) -> Callable[[Any], datetime]:
    def read(value: Any) -> datetime:
        moment = _moment(value)
        if moment is None:
            expected = "2024-01-15T10:30:00Z or seconds or milliseconds since 1970"
            raise ValueError(f"is not a time; expected {expected}")
        if not EARLIEST <= moment <= received_at + LATEST_AHEAD[name]:
            raise ValueError("is a time before 1990 or too far in the future")
        return moment

    return read


def _moment(value: Any) -> datetime | None:
    """ISO 8601 (UTC where no offset is given), or epoch seconds or milliseconds, also as text. None if neither."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value.literal if isinstance(value, _Number) else str(value).strip()
    if _EPOCH.fullmatch(text):
        seconds = Decimal(text)
        if seconds >= 10**11:  # seconds of the year 5138; milliseconds of 1973
            seconds /= 1000
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(seconds * 1_000_000))
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text_reader(longest: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = "" if isinstance(value, bool) or not isinstance(value, int | str) else str(value).strip()
        if not 1 <= len(text) <= longest:
            raise ValueError(f"is not a text of 1 to {longest} characters")
        return text

    return read


_short_text, _long_text = _text_reader(20), _text_reader(200)


def _sequence(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value.strip()):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**18:
        raise ValueError("is not a sequence number; expected a whole number from 0")
    return value


def _parameters(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError('is not an object; expected something like {"ema_period": 9}')
    return value
