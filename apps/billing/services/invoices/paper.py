"""An invoice as a PDF: a pure function of what stands on it.

The same paper gives the same bytes, always: nothing of the clock or the machine is written into the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext, override, pgettext
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from apps.billing.rules.money import money

FONTS = Path(__file__).resolve().parents[2] / "fonts"
PLAIN, STRONG, CHINESE = (
    "Inter",
    "Inter-SemiBold",
    "STSong-Light",
)  # the last stands in every reader, none is embedded
INK, QUIET, LINE, AMBER = HexColor("#14181f"), HexColor("#5b6472"), HexColor("#d9d5cc"), HexColor("#d98a1c")
MARGIN, FOOT = 20 * mm, 24 * mm
WIDTH = A4[0] - 2 * MARGIN


@dataclass(frozen=True)
class Party:
    """Who sells or buys, as written on the day of the invoice. `lines` is the address, line by line."""

    name: str
    lines: tuple[str, ...] = ()
    tax_id: str = ""
    email: str = ""


@dataclass(frozen=True)
class PaperLine:
    """Amounts in minor units of the paper's currency; `unit_amount` None where a quantity says nothing."""

    description: str
    amount: int
    quantity: int = 1
    unit_amount: int | None = None
    period: str = ""


@dataclass(frozen=True)
class Paper:
    """What stands on an invoice or a credit note. Amounts are integers of minor units of `currency`.

    `sums` are the rows between the lines and the total: subtotal, discount, each tax.
    """

    title: str
    number: str
    issued_on: date
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[PaperLine, ...]
    total: int
    sums: tuple[tuple[str, int], ...] = ()
    facts: tuple[
        tuple[str, str], ...
    ] = ()  # rows beside the number: order, period, the invoice that is corrected
    after_total: tuple[tuple[str, int], ...] = ()  # paid, left to pay
    notes: tuple[str, ...] = ()
    banner: str = field(default="")


def paper_pdf(paper: Paper) -> bytes:
    """The paper as PDF, on as many pages as it needs, with its text selectable and its fonts embedded."""
    _fonts()
    target = BytesIO()
    document = BaseDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        title=f"{paper.title} {paper.number}",
        author=paper.seller.name,
        subject=f"{paper.title} {paper.number}",
        creator="Candlewright",
        invariant=1,
    )
    frame = Frame(MARGIN, FOOT, WIDTH, A4[1] - MARGIN - FOOT, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame]))
    foot = " · ".join(text for text in (paper.seller.name, paper.seller.tax_id, paper.seller.email) if text)
    document.build(
        list(_story(paper)),
        canvasmaker=lambda *args, **options: _Numbered(*args, foot=f"{paper.number} · {foot}", **options),
    )
    return target.getvalue()


def _story(paper: Paper) -> Iterator[Any]:
    yield _head(paper)
    if paper.banner:
        yield Spacer(0, 5 * mm)
        yield _banner(paper.banner)
    yield Spacer(0, 9 * mm)
    yield _parties(paper)
    yield Spacer(0, 9 * mm)
    yield _lines(paper)
    yield Spacer(0, 3 * mm)
    yield KeepTogether([_sums(paper)])
    if paper.notes:
        yield Spacer(0, 8 * mm)
        yield KeepTogether([_text(note, _QUIET) for note in paper.notes])


def _head(paper: Paper) -> Table:
    facts = [
        (gettext("Number"), paper.number),
        (gettext("Date"), _day(paper.issued_on)),
        *paper.facts,
    ]
    right = Table(
        [[_text(name, _QUIET), _text(value, _RIGHT)] for name, value in facts],
        colWidths=[32 * mm, 43 * mm],
        style=_TIGHT,
    )
    return Table([[_text(paper.title, _TITLE), right]], colWidths=[WIDTH - 75 * mm, 75 * mm], style=_TIGHT)


def _banner(words: str) -> Table:
    style = TableStyle([("BOX", (0, 0), (-1, -1), 0.8, AMBER), ("ROUNDEDCORNERS", [4, 4, 4, 4])])
    return Table([[_text(words, _BODY)]], colWidths=[WIDTH], style=style)


def _parties(paper: Paper) -> Table:
    columns = [
        _party(pgettext("on an invoice", "From"), paper.seller),
        _party(pgettext("on an invoice", "To"), paper.buyer),
    ]
    return Table([columns], colWidths=[WIDTH / 2, WIDTH / 2], style=_TIGHT)


def _party(label: str, party: Party) -> list[Paragraph]:
    rows = [_text(label, _QUIET), _text(party.name, _STRONG), *(_text(line, _BODY) for line in party.lines)]
    if party.tax_id:
        rows.append(_text(gettext("Tax id {tax_id}").format(tax_id=party.tax_id), _BODY))
    if party.email:
        rows.append(_text(party.email, _BODY))
    return rows


def _lines(paper: Paper) -> Table:
    rows: list[list[Any]] = [
        [
            _text(gettext("Description"), _QUIET),
            _text(gettext("Quantity"), _QUIET_RIGHT),
            _text(gettext("Price"), _QUIET_RIGHT),
            _text(gettext("Amount {currency}").format(currency=paper.currency), _QUIET_RIGHT),
        ]
    ]
    for line in paper.lines:
        words: list[Any] = [_text(line.description, _BODY)]
        if line.period:
            words.append(_text(line.period, _QUIET))
        shown = line.unit_amount is not None
        rows.append(
            [
                words,
                _text(f"{line.quantity:,}" if shown else "", _RIGHT),
                _text(_figure(line.unit_amount or 0, paper) if shown else "", _RIGHT),
                _text(_figure(line.amount, paper), _RIGHT),
            ]
        )
    style = TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 4),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
        ]
    )
    widths = [WIDTH - 88 * mm, 20 * mm, 32 * mm, 36 * mm]
    return Table(rows, colWidths=widths, repeatRows=1, style=style)


def _sums(paper: Paper) -> Table:
    rows: list[list[Any]] = [
        [_text(name, _BODY), _text(_figure(amount, paper), _RIGHT)] for name, amount in paper.sums
    ]
    total = len(rows)
    rows.append(
        [
            _text(gettext("Total"), _STRONG),
            _text(f"{paper.currency} {_figure(paper.total, paper)}", _STRONG_RIGHT),
        ]
    )
    rows += [
        [_text(name, _BODY), _text(_figure(amount, paper), _RIGHT)] for name, amount in paper.after_total
    ]
    style = TableStyle(
        [
            ("LINEABOVE", (0, total), (-1, total), 0.8, INK),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ]
    )
    return Table(rows, colWidths=[50 * mm, 40 * mm], hAlign="RIGHT", style=style)


def _figure(amount: int, paper: Paper) -> str:
    return money(amount, paper.currency, code=False, on_paper=True)


def _day(day: date) -> str:
    """Without a month's name, and the same in every country."""
    return day.isoformat()


class _Numbered(Canvas):
    """Holds the pages back until their number is known."""

    def __init__(self, *args: Any, foot: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._foot = foot
        self._held: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802  the library's name
        self._held.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._held, start=1):
            self.__dict__.update(page)
            self._mark()
            foot = _text(self._foot, _QUIET)
            foot.wrapOn(self, WIDTH - 30 * mm, 20 * mm)
            foot.drawOn(self, MARGIN, 11 * mm)
            self.setFont(PLAIN, 8)
            self.setFillColor(QUIET)
            self.drawRightString(A4[0] - MARGIN, 12 * mm, f"{number} / {len(self._held)}")
            super().showPage()
        super().save()

    def _mark(self) -> None:
        """The candle of the pages, from static/img/mark.svg, in its 24 units."""
        self.saveState()
        self.translate(MARGIN - 4, A4[1] - 9 * mm)
        self.scale(0.8, -0.8)
        self.setFillColor(INK)
        self.setStrokeColor(INK)
        flame = self.beginPath()
        flame.moveTo(12.4, 1)
        flame.curveTo(12.9, 3.1, 15.5, 4.6, 15.5, 7.3)
        flame.curveTo(15.5, 9.18, 13.94, 10.7, 12, 10.7)
        flame.curveTo(10.06, 10.7, 8.5, 9.18, 8.5, 7.3)
        flame.curveTo(8.5, 5.9, 9.2, 5, 10, 4.1)
        flame.curveTo(10.3, 5, 10.8, 5.4, 11.3, 5.6)
        flame.curveTo(11.6, 4, 11.3, 2.6, 12.4, 1)
        flame.close()
        self.drawPath(flame, stroke=0, fill=1)
        self.roundRect(7, 11.5, 10, 8, 1.5, stroke=0, fill=1)
        self.roundRect(11, 18.5, 2, 4.5, 1, stroke=0, fill=1)
        self.restoreState()


@cache
def _fonts() -> None:
    registerFont(TTFont(PLAIN, FONTS / "Inter-Regular.ttf"))
    registerFont(TTFont(STRONG, FONTS / "Inter-SemiBold.ttf"))
    registerFont(UnicodeCIDFont(CHINESE))
    registerFontFamily(PLAIN, normal=PLAIN, bold=STRONG, italic=PLAIN, boldItalic=STRONG)


@cache
def _drawn() -> frozenset[int]:
    """The characters that Inter has."""
    return frozenset(TTFont("probe", FONTS / "Inter-Regular.ttf").face.charToGlyph)


@contextmanager
def in_words_we_draw() -> Iterator[None]:
    """The reader's language, or English where the words on a paper are of a script that our fonts do not have."""
    is_drawn = all(ord(letter) in _drawn() or _is_chinese(letter) for letter in gettext("Invoice"))
    with nullcontext() if is_drawn else override("en"):
        yield


def _is_chinese(letter: str) -> bool:
    """Whether the second font draws it: Chinese, and the kana that stand in the same set."""
    return "\u2e80" <= letter <= "\u9fff" or "\uff00" <= letter <= "\uffef"


def _text(words: str, style: ParagraphStyle) -> Paragraph:
    """A paragraph; what no font of ours draws is shown as a question mark rather than left out unseen."""

    def font_of(letter: str) -> str:
        return "" if ord(letter) in _drawn() else CHINESE if _is_chinese(letter) else "?"

    parts = []
    for font, letters in groupby(" ".join(words.split()), key=font_of):
        run = "".join(letters)
        if font == CHINESE:
            parts.append(f'<font name="{CHINESE}">{escape(run)}</font>')
        else:
            parts.append(escape(run) if not font else "?" * len(run))
    return Paragraph("".join(parts), style)


def _style(name: str, font: str, size: float, colour: HexColor, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        name, fontName=font, fontSize=size, leading=size * 1.45, textColor=colour, splitLongWords=1, **more
    )


_TITLE = _style("title", STRONG, 20, INK, spaceBefore=0)
_BODY = _style("body", PLAIN, 9, INK)
_STRONG = _style("strong", STRONG, 9.5, INK)
_QUIET = _style("quiet", PLAIN, 8, QUIET)
_RIGHT = _style("right", PLAIN, 9, INK, alignment=TA_RIGHT)
_STRONG_RIGHT = _style("strong-right", STRONG, 9.5, INK, alignment=TA_RIGHT)
_QUIET_RIGHT = _style("quiet-right", PLAIN, 8, QUIET, alignment=TA_RIGHT)
_TIGHT = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
    ]
)
