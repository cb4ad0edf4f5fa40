"""Makes the admin's font of icons: Lucide, under the names that the admin's theme writes.

    npm ci && uv run --with fonttools --with brotli python frontend/admin_icons.py

The theme writes an icon as a word, which a ligature of its font replaces. This font answers to the names of the product's
icons (icons/icons.txt) and to those of the theme (icons/admin.txt: the theme's name, Lucide's). They stand in its
private block, where tests/pages/staff/test_icons.py reads them.
"""

import json
from pathlib import Path

from fontTools.otlLib.builder import buildLigatureSubstSubtable
from fontTools.subset import Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from fontTools.ttLib.woff2 import WOFF2FlavorData

ROOT = Path(__file__).resolve().parents[1]
LUCIDE = ROOT / "node_modules/lucide-static"
TARGET = ROOT / "static/fonts"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-_"

icons = {name: name for name in (ROOT / "frontend/icons/icons.txt").read_text().split()}
icons |= dict(line.split() for line in (ROOT / "frontend/icons/admin.txt").read_text().splitlines())
places = json.loads((LUCIDE / "font/codepoints.json").read_text())

font = TTFont(LUCIDE / "font/lucide.ttf", recalcTimestamp=False)
letters = {ord(letter): f"letter {letter}" for letter in LETTERS}
font.setGlyphOrder([*font.getGlyphOrder(), *letters.values()])
for letter in letters.values():  # empty and without width: so is a name that is missing
    font["glyf"][letter] = Glyph()
    font["hmtx"][letter] = (0, 0)
icon_at = font.getBestCmap()
for table in font["cmap"].tables:
    table.cmap |= letters
words = {tuple(letters[ord(letter)] for letter in name): icon_at[places[icon]] for name, icon in icons.items()}
font["GSUB"].table.LookupList.Lookup[0].SubTable = [buildLigatureSubstSubtable(words)]

kept = Subsetter()
kept.populate(text=LETTERS)  # and what they become
kept.subset(font)
# Lucide's own say that each glyph begins at 0: drawn from there, an icon would stand left in its box.
for name, glyph in font["glyf"].glyphs.items():
    glyph.expand(font["glyf"])
    if glyph.numberOfContours:
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (font["hmtx"][name][0], glyph.xMin)
font.flavor = "woff2"
font.flavorData = WOFF2FlavorData()
font.flavorData.privData = " ".join(sorted(icons)).encode()
TARGET.mkdir(exist_ok=True)
font.save(TARGET / "admin-icons.woff2")
(TARGET / "admin-icons-LICENSE.txt").write_bytes((LUCIDE / "LICENSE").read_bytes())
