"""What the pages of /docs/ do to the words of a Markdown file before they are HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it.token import Token

_MINUS = re.compile(r"(?<= )-(?= )|(?<![\w)-])-(?=\d)|(?<=[ (])-$")
_TIMES = re.compile(r"(?<= )x(?= (?!(?:as|is|or|to|without)\b))")  # else a name
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?: ?%)?")
_UNIT = re.compile(r"(?<=\d) (?=(?:%|(?:ms|s|min|h|[KM]i?B|GB)\b))|(?<=\b[A-Z]{3}) (?=\d)")
_FIGURES = re.compile(r"(?<=[\d\]]) (?=[\d\N{MIDDLE DOT}])")
_NAME = re.compile(r"[a-z_][\w.]*")
_PARTS = (", ", "; ", " \N{RIGHTWARDS ARROW} ")
_LONG = 24  # letters that take half of a phone
_WIDE = 40  # letters of a row that three columns of a phone cannot hold


def typeset(tokens: Sequence[Token]) -> None:
    """Minus signs in place of hyphens, signs of multiplication in place of an x between factors, and figures that stay
    with their unit or currency and, in a cell, with their neighbours (a candle is four of them). Code stays as it is.
    Tables of long rows in three columns, or of long words in the first, are marked for phones, where their rows are
    cards (`cards` or `cards two`), and cells know the head of their column. A column of numbers is marked (`n`), and
    several names in a first cell stand below one another, or they would widen its column."""
    table, heads, cell, letters = None, [""], 0, 0
    columns: list[list[tuple[Token, Token]]] = []
    for token, inside in pairwise(tokens):
        match token.type:
            case "table_open":
                table, heads, columns = token, [], []
            case "tbody_close":
                _mark_numbers(columns)
            case "th_open":
                heads.append(_label(inside.content))
                columns.append([(token, inside)])
            case "tr_open":
                cell = letters = 0
            case "td_open":
                if heads[cell]:
                    token.attrSet("data-label", heads[cell])
                columns[cell].append((token, inside))
                if not cell and len(inside.content) > _LONG:
                    inside.children = _below_one_another(inside.children or [])
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


def _mark_numbers(columns: list[list[tuple[Token, Token]]]) -> None:
    for (head, _), *cells in columns[1:]:  # the first is what a row is called
        texts = {inside.content for _, inside in cells} - {"", "-"}
        if texts and all(map(_NUMBER.fullmatch, texts)):
            for token in (head, *(token for token, _ in cells)):
                token.attrSet("class", "n")


def _below_one_another(children: list[Token]) -> list[Token]:
    """A cell of nothing but names of code has each on a line of its own; sentences and requests run on."""
    found: list[Token] = []
    for child in children:
        found.append(child)
        if child.type == "text" and child.content in _PARTS:
            found.append(Token("hardbreak", "br", 0))
        elif child.type != "code_inline" or not _NAME.fullmatch(child.content):
            return children
    return found


def _label(head: str) -> str:
    """A word with a capital, as heads are shown; a name of code as it is."""
    return head.replace("`", "") if head.startswith("`") else head[:1].upper() + head[1:]
