"""What will go: told in the headers of its answers and in the description, half a year ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.http import http_date

NOTICE = timedelta(days=182)
POLICY = "/api/docs/"


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """`since` it should no longer be used, from `sunset` on it is gone; `instead` says in words what to use.

    Raises ValueError when there is less than half a year between the two, which is what the API promises.
    """

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < NOTICE:
            earliest = self.since + NOTICE
            raise ValueError(
                f"The sunset {self.sunset} is too soon: {earliest} is the earliest the API promises."
            )

    def headers(self) -> dict[str, str]:
        """Deprecation (RFC 9745), Sunset (RFC 8594), and where the policy stands."""
        return {
            "Deprecation": f"@{_seconds(self.since)}",
            "Sunset": http_date(_seconds(self.sunset)),
            "Link": f'<{POLICY}>; rel="deprecation"; type="text/html"',
        }

    @property
    def words(self) -> str:
        return f"Deprecated since {self.since}, gone on {self.sunset}. {self.instead}"


def deprecation_of(view: Any, action: str) -> Deprecation | None:
    """What the view says of the action; None for one that stays."""
    said = getattr(view, "deprecated", {})
    return said.get(action) or said.get("*")


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), tzinfo=UTC).timestamp())
