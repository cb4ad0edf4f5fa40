"""Every route of the site, in a form one can read, and the addresses it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLResolver, get_resolver

from apps.accounts.needs import right_for

PAGE_METHODS = ("GET", "POST")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
GROUP = re.compile(r"\(\?P<(\w+)>((?:\[[^\]]*\]|[^()\[])*)\)|<(?:\w+:)?(\w+)>")
WORDS = {
    "key": "ut-bot",
    "language": "tr",
    "code": "pro",
    "meter": "backtests",
    "gateway": "stripe",
    "month": "2026-10",
    "deed": "cancel",
    "job_kind": "backtest",
    "pk": "1",
    "name": "ema",
    "number": "1",
    "form": "csv",
    "token": "nothing",
    "slug": "nothing",
    "service": "none",
    "uidb36": "1",
    "provider_id": "none",
    "object_id": "1",
    "content_type_id": "1",
    "id": "1",
    "app_label": "accounts",
    "url": "nothing/",
}


@dataclass(frozen=True)
class Route:
    """`name` is the route as the table writes it: `formulas/{uuid}/tests/{case}/`."""

    name: str
    pattern: str
    view: Any

    @property
    def is_api(self) -> bool:
        return hasattr(self.view, "cls")

    @property
    def methods(self) -> tuple[str, ...]:
        """Those to try: a page's view takes any other as reading, as it does HEAD."""
        return METHODS if self.is_api else PAGE_METHODS

    @property
    def is_ours(self) -> bool:
        """Written here, rather than by Django, allauth or a library."""
        return bool((getattr(self.view, "cls", None) or self.view).__module__.startswith("apps."))

    @property
    def has_id(self) -> bool:
        return bool(set(re.findall(r"\{(\w+)\}", self.name)) - set(WORDS) - {"what", "chart", "kind", "act"})

    def declared(self) -> dict[str, str | None]:
        """What the view itself says: its right by method, None where it names none."""
        if self.is_api:
            handlers = getattr(self.view, "actions", None) or {
                method: method for method in map(str.lower, METHODS) if hasattr(self.view.cls, method)
            }
            return {
                method.upper(): right_for(self.view.cls, action, method.upper())
                for method, action in handlers.items()
                if method != "head"
            }
        reading, writing = getattr(self.view, "rights", (None, None))
        return {"GET": reading, "POST": writing}

    def paths(self, ids: dict[str, Any]) -> list[str]:
        """Its addresses with the ids its beginning asks for, one for each file or chart that it offers."""
        kind = next(
            (start for start in sorted(ids, key=len, reverse=True) if self.name.startswith(start)), None
        )
        assert kind or not self.has_id, (
            f"{self.name} takes an id of a kind that tests/access/world.py does not know: add an object to `make_world`"
        )
        found = [""]
        place = 0
        text = self.pattern.replace("^", "").replace("$", "")
        for gap in GROUP.finditer(text):
            name, choice = gap.group(1) or gap.group(3), gap.group(2) or ""
            if name in ids:  # a test of the formula, a share of it
                values = [str(ids[name])]
            elif name in WORDS:
                values = [WORDS[name]]
            elif re.fullmatch(r"[\w.\\|]+", choice):
                values = choice.replace("\\", "").split("|")
            else:
                values = [str(ids[kind])]  # type: ignore[index]
            found = [start + text[place : gap.start()] + value for start in found for value in values]
            place = gap.end()
        return ["/" + (start + text[place:]).replace("\\.", ".") for start in found]


def _walk(resolver: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, pattern)
        else:
            yield pattern, entry.callback


def readable(pattern: str) -> str:
    return GROUP.sub(lambda gap: f"{{{gap.group(1) or gap.group(3)}}}", pattern).translate(
        str.maketrans("", "", "^$\\")
    )


@cache
def routes() -> dict[str, Route]:
    """By name. Of two with one name the first answers, as in Django."""
    found: dict[str, Route] = {}
    for pattern, view in _walk(get_resolver()):
        found.setdefault(readable(pattern), Route(readable(pattern), pattern, view))
    return found
