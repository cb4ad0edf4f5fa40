"""`manage.py engine_words` writes apps/formulas/engine_words.py anew: after a change of the engine's tables or of the
titles and summaries of docs/functions."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.engine.lang import FUNCTIONS
from apps.engine.lang.blocks import block_palette
from apps.engine.lang.functions import BUILT_IN_NAMES
from apps.engine.lang.parser import RESERVED
from apps.engine.lang.phrases import patterns
from apps.engine.lang.words import (
    FRAMES,
    OPERATORS,
    STATEMENTS,
    TIMEFRAME_PARAMETERS,
    TIMEFRAME_SUMMARY,
    TIMEFRAMES,
    WORDS,
    allowed,
)
from apps.formulas.reference import names, page

FILE = Path(__file__).resolve().parents[2] / "engine_words.py"
ENGINE = FILE.parents[1] / "engine"
_PLACES = re.compile(r"\{\w*\}")
_HEAD = '''"""What the engine and the function reference say of the language, marked for the catalogues of locale/.

Written by `manage.py engine_words` from their tables: the engine knows nothing of languages. Not to be changed by hand.
"""

# fmt: off
# ruff: noqa: E501

from apps.core.words import gettext_noop

TEXTS = frozenset(
    [
'''


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        FILE.write_text(source(), encoding="utf-8", newline="\n")
        self.stdout.write(f"{FILE.name} has {len(list(dict.fromkeys(texts())))} texts")


def source() -> str:
    """The file as it has to be."""
    marked = [f"        gettext_noop({_quoted(text)}),\n" for text in dict.fromkeys(texts())]
    return f"{_HEAD}{''.join(marked)}    ]\n)\n"


def _quoted(text: str) -> str:
    """As the formatter of the project leaves it."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def texts() -> Iterator[str]:
    """In the order of their tables, some more than once."""
    for name in names():
        yield str(page(name).title)
        yield str(page(name).summary)
    for function in FUNCTIONS.values():
        yield function.summary
        yield from map(allowed, function.parameters)
    yield TIMEFRAME_SUMMARY
    yield from (takes for _, takes in TIMEFRAME_PARAMETERS)
    yield from (summary for _, _, summary in STATEMENTS.values())
    for table in (WORDS, OPERATORS, TIMEFRAMES):
        yield from table.values()
    yield from (pattern for patterns in FRAMES.values() for pattern in patterns)
    yield from _patterns()
    palette = block_palette()
    yield from (category["label"] for category in palette["categories"])
    for block in palette["blocks"]:
        yield block["summary"]
        options = [option for field in block["fields"] for option in field.get("options", ())]
        labels = [option["label"] for option in options if isinstance(option, dict) and "input" in option]
        yield from (label for label in (block["label"], *labels) if not _is_code(label))


def _patterns() -> Iterator[str]:
    """Those of the sentences that the engine says with `said` and `row`, where they have words at all."""
    for file in sorted(ENGINE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="said" | "row"), args=[ast.Constant(value=str(pattern)), *_]):
                    if any(map(str.isalpha, _PLACES.sub("", pattern))):
                        yield pattern
    yield from patterns()


def _is_code(label: str) -> bool:
    """Whether these are words of the language itself, which are the same for all readers."""
    known = {*RESERVED, *STATEMENTS, *WORDS, *BUILT_IN_NAMES}
    return all(word in known or not any(map(str.isalpha, word)) for word in label.split())
