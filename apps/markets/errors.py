"""What can be wrong with market data, in words for the person who brought it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext

from apps.core.errors import Conflict, DomainError
from apps.core.words import gettext_lazy


@dataclass(frozen=True, slots=True)
class BadCell:
    """One thing wrong in a file. `line` counts from 1 and includes the header line."""

    line: int | None
    column: str | None
    message: str
    hint: str | None = None


class BarsFileError(DomainError):
    """A file of bars that cannot be read. Names the line, the column and the value at fault.

    `problems` holds the first of them (at most `files.MAX_PROBLEMS`), `line`, `column` and `hint` are
    those of the first. For Parquet, which has no lines, `line` is the row, counted from 1.
    """

    code = "bars_file_invalid"
    status = 422
    title = gettext_lazy("The file of bars cannot be read")

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: str | None = None,
        hint: str | None = None,
        problems: list[BadCell] | None = None,
    ) -> None:
        self.line = line
        self.column = column
        self.hint = hint
        self.problems = problems or [BadCell(line=line, column=column, message=message, hint=hint)]
        super().__init__(message, field="file", extra=self._members())

    def _members(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "hint": self.hint,
            "problems": [asdict(problem) for problem in self.problems],
        }


class UnknownTimeframe(DomainError):
    code = "timeframe_unknown"
    status = 422
    title = gettext_lazy("The timeframe is not known")

    def __init__(self, text: str) -> None:
        super().__init__(
            gettext(
                "“{text}” is not a timeframe. Write a number and a unit, such as 1m, 15m, 1h, 4h, 1d, 1w or 1M."
            ).format(text=text),
            field="timeframe",
        )


class UnknownTimezone(DomainError):
    code = "timezone_unknown"
    status = 422
    title = gettext_lazy("The time zone is not known")

    def __init__(self, text: str) -> None:
        super().__init__(
            gettext(
                "“{text}” is not a time zone. Write an IANA name, such as UTC, Europe/Berlin or America/New_York."
            ).format(text=text),
            field="timezone",
        )


class SymbolInvalid(DomainError):
    code = "symbol_invalid"
    status = 422
    title = gettext_lazy("The symbol cannot be used")

    def __init__(self, text: str) -> None:
        shown = f"“{text[:60]}”" if text.strip() else gettext("An empty symbol")
        super().__init__(
            gettext(
                "{shown} is not a symbol: up to 40 letters, digits and . _ : / - ^ =, for example BTCUSDT."
            ).format(shown=shown),
            field="symbol",
        )


class BarsNotFound(DomainError):
    code = "bars_not_found"
    status = 404
    title = gettext_lazy("There are no such bars")


class StoredBarsDamaged(DomainError):
    """The stored file is missing, or its content no longer has the hash in the catalogue."""

    code = "stored_bars_damaged"
    status = 500
    title = gettext_lazy("The stored bars are damaged")


class BarsInUse(Conflict):
    code = "bars_in_use"
    title = gettext_lazy("The bars are in use")


class ReadOnlyInstrument(DomainError):
    code = "instrument_read_only"
    status = 403
    title = gettext_lazy("Shared instruments cannot be changed")


class UploadTooLarge(DomainError):
    code = "upload_too_large"
    status = 413
    title = gettext_lazy("The file is too large")


class WrongStep(DomainError):
    """422: a tick, lot or minimum that cannot be one."""

    code = "wrong_step"
    status = 422
    title = gettext_lazy("This step cannot be used")


class FeedSettingsInvalid(DomainError):
    code = "feed_settings_invalid"
    status = 422
    title = gettext_lazy("A feed cannot be set like that")


class FeedExists(Conflict):
    code = "feed_exists"
    title = gettext_lazy("There is such a feed already")


class FeedRefused(Conflict):
    """409: what was asked does not go with the state that the feed is in."""

    code = "feed_refused"
    title = gettext_lazy("The feed cannot do that now")


class TooManyFeeds(DomainError):
    code = "too_many_feeds"
    status = 422
    title = gettext_lazy("There are too many feeds")


class ReadOnlyFeed(DomainError):
    code = "feed_read_only"
    status = 403
    title = gettext_lazy("Shared feeds cannot be changed")


class FeedBroken(Exception):
    """A source that cannot give what its feed is set to, until somebody changes something. Words for its owner."""


class FeedInterrupted(Exception):
    """A source that does not answer now; it is asked again. Words for its owner."""
