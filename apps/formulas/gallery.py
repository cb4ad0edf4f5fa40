"""Pictures of the library's templates: each formula on bars of the kind it is meant for.

`python -m apps.formulas.gallery` draws them anew, as KEY.svg beside the formulas.
"""

from __future__ import annotations

import sys
from pathlib import Path

from django.utils.translation import gettext

from apps.formulas.library import FOLDER, Template, templates
from apps.formulas.plots import formula_svg
from apps.formulas.reference import example_bars

STOCK = "AAPL"
LAST = 140


def picture_path(template: Template) -> Path:
    return FOLDER / f"{template.key}.svg"


def picture(template: Template) -> str:
    """The template on the last bars of a sample as SVG."""
    name, where = (
        ("minutes", "one-minute bars") if template.sample == "minute" else (STOCK, f"daily bars of {STOCK}")
    )
    return formula_svg(
        template.text,
        example_bars(name),
        gettext("{name} on {where}").format(name=template.name, where=where),
        last=LAST,
    )


def main() -> int:
    for template in templates():
        picture_path(template).write_text(picture(template), encoding="utf-8", newline="\n")
    sys.stdout.write(f"drew {len(templates())} templates\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
