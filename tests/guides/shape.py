"""What a text in Markdown and its translation have in common."""

from __future__ import annotations

import re

from apps.core.templatetags.prose import RENDERER


def shape(text: str) -> dict[str, list[str]]:
    """Its structure, code and links."""
    tokens = RENDERER.parse(text)
    inside = [child for token in tokens for child in token.children or ()]
    return {
        "headings": [token.tag for token in tokens if token.type == "heading_open"],
        "blocks": [f"{token.info}\n{token.content}" for token in tokens if token.type == "fence"],
        "code": sorted(child.content for child in inside if child.type == "code_inline"),
        "links": sorted(str(child.attrGet("href")) for child in inside if child.type == "link_open"),
        "cells": [token.type for token in tokens if token.type in ("tr_open", "td_open", "th_open")],
    }


def numbers(text: str) -> list[str]:
    """Those of a text, however its language separates thousands and decimals, and in whatever order."""
    return sorted(re.sub(r"[.,]", "", number) for number in re.findall(r"\d+(?:[.,]\d+)*", text))


def arithmetic(text: str) -> list[str]:
    """The signs and calls of formulas, in whatever order."""
    return sorted(re.findall(r"[=·√±²ˣ/|<>\[\]]|\w+(?=[(\[])", text))


def holds_html(text: str) -> bool:
    return bool(re.search(r"<\w+[ >]", re.sub(r"`[^`]*`|```.*?```", "", text, flags=re.DOTALL)))
