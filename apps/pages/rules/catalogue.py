"""What the catalogue of the design system lists: roles of colour, sizes, and the icons of the sprite."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

from apps.core.words import gettext_lazy

# Roles of tokens.css by what they are for, each a CSS custom property without its dashes.
COLOUR_ROLES = [
    (gettext_lazy("Grounds, back to front"), ["sunken", "ground", "surface", "raised", "hover"]),
    ("Lines", ["line", "line-strong", "control-line", "focus"]),
    ("Words", ["text", "text-muted", "text-faint", "accent-text"]),
    (gettext_lazy("The primary action and what is selected"), ["accent", "accent-hover", "accent-soft"]),
    ("Prices", ["up", "down", "up-soft", "down-soft"]),
    ("States", ["running", "attention", "failed", "off"]),
    (gettext_lazy("Series of a chart"), ["series-1", "series-2", "series-3", "series-4"]),
]
SIZES = [("2xl", 32), ("xl", 24), ("lg", 18), ("base", 15), ("sm", 13), ("xs", 12)]
SPACES = [4, 8, 12, 16, 24, 32, 48]


@cache
def icon_names() -> list[str]:
    """Every icon that `<c-icon>` knows."""
    sprite = finders.find("dist/icons.svg")
    return re.findall(r'<symbol id="([^"]+)"', Path(sprite).read_text()) if sprite else []
