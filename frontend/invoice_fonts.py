"""Makes the two fonts of invoices out of the typeface of the pages.

    npm ci && uv run --with fonttools --with brotli python frontend/invoice_fonts.py

PDF libraries read neither woff2 nor variable fonts: one weight is cut out of each part of Inter, and the parts are put
together. PDF has no OpenType features either, so the digits are those of equal width.
"""

import tempfile
from pathlib import Path

from fontTools.merge import Merger
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "node_modules/@fontsource-variable/inter"
TARGET = ROOT / "apps/billing/fonts"
PARTS = ("latin", "latin-ext", "vietnamese", "cyrillic", "cyrillic-ext", "greek", "greek-ext")
LAYOUT = ("GSUB", "GPOS", "GDEF", "STAT", "HVAR", "MVAR", "avar")


def even_digits(font: TTFont) -> None:
    features = font["GSUB"].table.FeatureList.FeatureRecord
    lookups = font["GSUB"].table.LookupList.Lookup
    swaps = {}
    for number in {n for record in features if record.FeatureTag == "tnum" for n in record.Feature.LookupListIndex}:
        for table in lookups[number].SubTable:
            swaps |= getattr(table, "ExtSubTable", table).mapping
    for table in font["cmap"].tables:
        for code in [*range(ord("0"), ord("9") + 1), 0x2212]:
            table.cmap[code] = swaps.get(table.cmap[code], table.cmap[code])


for name, weight in (("Regular", 400), ("SemiBold", 600)):
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for part in PARTS:
            font = instantiateVariableFont(TTFont(SOURCE / f"files/inter-{part}-wght-normal.woff2"), {"wght": weight})
            font.flavor = None
            if part == "latin":
                even_digits(font)
            for table in LAYOUT:
                if table in font:
                    del font[table]
            font.save(f"{folder}/{part}.ttf")
            files.append(f"{folder}/{part}.ttf")
        merged = Merger().merge(files)
        for number, words in ((1, f"Inter {name}"), (4, f"Inter {name}"), (6, f"Inter-{name}")):
            merged["name"].setName(words, number, 3, 1, 0x409)  # by its name a PDF tells one from the other
            merged["name"].setName(words, number, 1, 0, 0)
        merged.save(TARGET / f"Inter-{name}.ttf")
(TARGET / "LICENSE").write_bytes((SOURCE / "LICENSE").read_bytes())
