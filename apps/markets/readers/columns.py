"""Which column of a file holds what. Header names are compared without case, spaces, `_`, `<` and `>`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from apps.markets.errors import BarsFileError

PRICES = ("open", "high", "low", "close")
NUMBERS = (*PRICES, "volume")

# The first name found wins, so the more exact name comes first.
_TIME_NAMES = (
    "unix",
    "timestamp",
    "unixtimestamp",
    "epoch",
    "time",
    "datetime",
    "opentime",
    "starttime",
    "ts",
    "date",
    "day",
)
_NAMES: dict[str, tuple[str, ...]] = {
    "open": ("open", "o", "openprice", "priceopen"),
    "high": ("high", "h", "highprice", "pricehigh"),
    "low": ("low", "l", "lowprice", "pricelow"),
    "close": ("close", "c", "closeprice", "priceclose", "last"),
    "volume": ("volume", "vol", "v", "tickvolume", "tickvol"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions in the header: `time` (and `clock`, where date and time of day stand apart), `numbers`."""

    header: tuple[str, ...]
    time: int
    clock: int | None
    numbers: dict[str, int]

    def label(self, role: str) -> str:
        """The name the file itself uses for `time` or one of `NUMBERS`."""
        return self.header[self.time if role == "time" else self.numbers[role]]

    @property
    def has_volume(self) -> bool:
        return "volume" in self.numbers

    @property
    def ignored(self) -> list[str]:
        used = {self.time, self.clock, *self.numbers.values()}
        return [name for at, name in enumerate(self.header) if at not in used and name.strip()]


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def find_columns(header: Sequence[str]) -> tuple[Columns | None, list[str]]:
    """The columns, or `None` and the roles that are missing. Volume may be missing.

    Raises `BarsFileError` when two columns carry the same name for one role.
    """
    plain = [_plain(name) for name in header]

    def place(names: Sequence[str]) -> int | None:
        for name in names:
            found = [at for at, text in enumerate(plain) if text == name]
            if len(found) > 1:
                raise BarsFileError(
                    gettext("Two columns are called “{strip}”.").format(strip=header[found[0]].strip()),
                    column=header[found[0]].strip(),
                    hint=gettext("Keep one of them."),
                )
            if found:
                return found[0]
        return None

    time, clock = place(_TIME_NAMES), None
    if time is not None and plain[time] == "time" and "date" in plain:
        # MetaTrader writes <DATE> and <TIME> apart: the day in one column, the time of day in the other.
        time, clock = plain.index("date"), time
    numbers = {role: at for role, names in _NAMES.items() if (at := place(names)) is not None}
    if "volume" not in numbers:
        # Exchanges name the currency: "Volume BTC", "Volume USDT". The first is in units of the instrument.
        named = [at for at, text in enumerate(plain) if text.startswith("volume")]
        if named:
            numbers["volume"] = named[0]
    missing = [role for role in PRICES if role not in numbers]
    if time is None:
        missing.insert(0, "time")
    if time is None or missing:
        return None, missing
    return Columns(tuple(name.strip() for name in header), time, clock, numbers), []


def require_columns(header: Sequence[str], *, line: int | None) -> Columns:
    """The columns; raises `BarsFileError` that says which names were found and which are needed."""
    columns, missing = find_columns(header)
    if columns is not None:
        return columns
    found = ", ".join(f"“{name.strip()}”" for name in header[:20] if name.strip()) or "nothing"
    if all(_is_data(name) for name in header if name.strip()):
        hint = gettext("The file seems to start with data. Add a first line: time,open,high,low,close,volume")
    else:
        hint = gettext(
            "Needed: time or date, open, high, low, close, and volume if there is one; in any case."
        )
    words = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
    noun = "column is" if len(missing) == 1 else "columns are"
    raise BarsFileError(
        gettext("The {words} {noun} missing. The header has {found}.").format(
            words=words, noun=noun, found=found
        ),
        line=line,
        hint=hint,
    )


def _is_data(cell: str) -> bool:
    return any(char.isdigit() for char in cell) and not any(
        char.isalpha() for char in cell.replace("T", "").replace("Z", "")
    )
