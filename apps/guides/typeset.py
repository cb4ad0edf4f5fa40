"""What the pages of /docs/ do to the words of a Markdown file before they are HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it.token import Token

_MINUS = re.compile(r"(?<= )-(?= )|(?<![\w)-])-(?=\d)|(?<=[ (])-$")
_TIMES = re.compile(r"(?<=[\d)] )x(?= )|(?<= )x(?= [\d(])")
_UNIT = re.compile(r"(?<=\d) (?=(?:%|(?:ms|s|min|h|[KM]i?B|GB)\b))")
_FIGURES = re.compile(r"(?<=[\d\]]) (?=[\d\N{MIDDLE DOT}])")
_LONG = 24  # letters that take half of a phone
_WIDE = 40  # letters of a row that three columns of a phone cannot hold


def typeset(tokens: Sequence[Token]) -> None:
    """Minus signs in place of hyphens, signs of multiplication in place of an x beside a figure, and figures that stay
    with their unit and, in a cell, with their neighbours (a candle is four of them). Code stays as it is. Tables of
    long rows in three columns, or of long words in the first, are marked for phones, where their rows are cards
    (`cards` or `cards two`), and cells know the head of their column."""
    table, heads, cell, letters = None, [""], 0, 0
    for token, inside in pairwise(tokens):
        match token.type:
            case "table_open":
                table, heads = token, []
            case "th_open":
                heads.append(_label(inside.content))
            case "tr_open":
                cell = letters = 0
            case "td_open":
                if heads[cell]:
                    token.attrSet("data-label", heads[cell])
                letters += len(inside.content)
                if table and len(heads) > 2 and letters > _WIDE:
                    table.attrSet("class", "cards")
                elif table and len(heads) == 2 and not cell and len(inside.content) > _LONG:
                    table.attrSet("class", "cards two")
                cell += 1
        for child in inside.children or ():
            if child.type == "text":
                child.content = _MINUS.sub("\N{MINUS SIGN}", child.content)
                child.content = _TIMES.sub("\N{MULTIPLICATION SIGN}", child.content)
                child.content = _UNIT.sub("\N{NO-BREAK SPACE}", child.content)
                if token.type == "td_open":
                    child.content = _FIGURES.sub("\N{NO-BREAK SPACE}", child.content)
        if token.type == "td_open" and inside.content == "-" and inside.children:
            inside.children[0].content = "\N{EN DASH}"


def _label(head: str) -> str:
    """A word with a capital, as heads are shown; a name of code as it is."""
    return head.replace("`", "") if head.startswith("`") else head[:1].upper() + head[1:]
