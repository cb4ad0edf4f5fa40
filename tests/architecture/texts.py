"""Finds texts for people that no catalogue knows: in templates, forms, messages, choices and errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

UNMARKED_ELEMENTS = {"script", "style", "pre", "code", "kbd", "textarea"}
ATTRIBUTES = {"title", "label", "placeholder", "aria-label", "alt", "data-confirm", "data-label"}
COMPONENT_ATTRIBUTES = {"note", "help", "hint", "text", "lead", "caption", "submit", "suffix"}
# The same in every language: names, formats, units, terms of art.
NAMES = {
    *(
        "Candlewright",
        "TradingView",
        "Telegram",
        "Discord",
        "Slack",
        "WhatsApp",
        "Stripe",
        "Midtrans",
        "GitHub",
    ),
    *(
        "Google",
        "Pine",
        "CSV",
        "JSON",
        "PDF",
        "XLSX",
        "API",
        "UTC",
        "HTTP",
        "URL",
        "ID",
        "SMS",
        "TOTP",
        "OHLCV",
    ),
    *(
        "CAGR",
        "Sharpe",
        "Sortino",
        "Calmar",
        "MAE",
        "MFE",
        "DSR",
        "PBO",
        "ms",
        "px",
        "Apache",
        "BTCUSDT",
        "AAPL",
    ),
    *(
        "UT",
        "Bot",
        "OpenAPI",
        "REST",
        "WebSocket",
        "Ctrl",
        "Shift",
        "Enter",
        "Esc",
        "Tab",
        "PNG",
        "SVG",
        "RSS",
    ),
}
_TRANSLATED = re.compile(
    r"\{#.*?#\}|\{% block page_class %\}.*?\{% endblock %\}|\{%\s*(comment|blocktranslate|verbatim)\b.*?\{%\s*end\1\s*%\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
_SPARE = re.compile(r'\|default(?:_if_none)?:"([^"]*)"')  # shown in place of nothing
_WORD = re.compile(r"[^\W\d_]{2,}")


def has_words(text: str) -> bool:
    """Whether something is left of `text` that reads differently in another language."""
    return any(word not in NAMES for word in _WORD.findall(text))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = ATTRIBUTES | (COMPONENT_ATTRIBUTES if tag.startswith("c-") else set())
        for name, value in attrs:
            if name in wanted and value and has_words(value):
                self.found.append((self.getpos()[0], f"{name}={value!r}"))
        if tag in UNMARKED_ELEMENTS and "/>" not in (self.get_starttag_text() or ""):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.inside and has_words(data):
            self.found.append((self.getpos()[0], data.strip()))


def template_texts(source: str) -> list[tuple[int, str]]:
    """The line and the words of each text of a template that stands outside a translation tag."""
    plain = _TRANSLATED.sub(lambda found: "\n" * found[0].count("\n"), source)
    parser = _Texts()
    parser.feed(plain)
    parser.close()
    spare = [
        (source.count("\n", 0, found.start()) + 1, found[1])
        for found in _SPARE.finditer(source)
        if has_words(found[1])
    ]
    return parser.found + spare


FIELD_WORDS = {"label", "help_text", "empty_label"}
LIST_WORDS = {"words": 0, "pick": 1, "Sort": 0, "Act": 1}  # of apps/core/lists: where each has its words
OUR_FAULTS = {
    *(
        "ValueError",
        "TypeError",
        "RuntimeError",
        "KeyError",
        "LookupError",
        "AssertionError",
        "NotImplementedError",
    ),
    *("ImproperlyConfigured", "TokenBackendError", "ConnectionError"),
}


def _plain(node: ast.AST | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value for part in node.values if isinstance(part, ast.Constant))  # type: ignore[misc]
    return None


def python_texts(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the words of each label, message, choice and error of a module that is no call of gettext."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        candidates: list[ast.AST | None] = []
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                if called.value.id == "messages" and len(node.args) > 1:
                    candidates.append(node.args[1])
                if called.value.id == "forms":
                    candidates += [word.value for word in node.keywords if word.arg in FIELD_WORDS]
            if isinstance(called, ast.Name) and path.name == "lists.py" and called.id in LIST_WORDS:
                candidates += node.args[LIST_WORDS[called.id] :][:1]
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            name = (
                node.exc.func.attr
                if isinstance(node.exc.func, ast.Attribute)
                else getattr(node.exc.func, "id", "")
            )
            if name not in OUR_FAULTS and " " in (_plain(node.exc.args[0]) or ""):
                candidates.append(node.exc.args[0])
        elif isinstance(node, ast.ClassDef) and any(
            getattr(base, "attr", "") == "TextChoices" for base in node.bases
        ):
            for line in node.body:
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
                    candidates.append(line.value.elts[-1])
        for candidate in candidates:
            words = _plain(candidate)
            if words and has_words(words):
                yield candidate.lineno, words  # type: ignore[union-attr]
