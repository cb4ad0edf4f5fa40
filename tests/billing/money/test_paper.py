"""The PDF of an invoice, read back by a library that is not the one that wrote it."""

from __future__ import annotations

from datetime import date
from io import BytesIO

from django.utils.translation import gettext, override
from pypdf import PdfReader

from apps.billing.services.invoices.paper import Paper, PaperLine, Party, in_words_we_draw, paper_pdf

SELLER = Party(
    "Candlewright", ("Jalan Sudirman 12", "Jakarta"), "01.234.567.8-901.000", "billing@example.com"
)
BUYER = Party("Łukasz Öhm <GmbH> & Söhne", ("Türkenstraße 7",), "DE123456789")


def paper(lines: tuple[PaperLine, ...], **changed: object) -> Paper:
    values: dict[str, object] = {
        "title": "Invoice",
        "number": "ID-2026-000042",
        "issued_on": date(2026, 11, 22),
        "currency": "IDR",
        "seller": SELLER,
        "buyer": BUYER,
        "lines": lines,
        "total": 99_900_000,
    }
    return Paper(**(values | changed))  # type: ignore[arg-type]


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def test_all_that_must_stand_on_it_can_be_read():
    period = "2026-11-22 – 2026-12-21"
    pdf = paper_pdf(
        paper(
            (
                PaperLine("Pro, monthly", 90_000_000, 2, 45_000_000, period),
                PaperLine("Unused time", -1_234_500),
            ),
            sums=(("Subtotal", 88_765_500), ("PPN 11 %", 9_764_200)),
            facts=(("Corrects", "ID-2026-000007"),),
            notes=("Paid by GoPay.",),
            banner="Sandbox: no money moved.",
        )
    )
    text = words(pdf)
    for expected in (
        "Invoice", "ID-2026-000042", "2026-11-22", "Jalan Sudirman 12", "01.234.567.8-901.000",
        "Łukasz Öhm <GmbH> & Söhne", "DE123456789", "Pro, monthly", "2026-11-22 – 2026-12-21", "450,000", "900,000",
        "−12,345", "887,655", "PPN 11 %", "97,642", "IDR 999,000", "ID-2026-000007", "Paid by GoPay.",
        "Sandbox: no money moved.", "1 / 1",
    ):  # fmt: skip
        assert expected in text
    assert PdfReader(BytesIO(pdf)).metadata.title == "Invoice ID-2026-000042"  # type: ignore[union-attr]


def test_the_same_paper_is_the_same_bytes():
    one = paper((PaperLine("Pro", 1),))
    assert paper_pdf(one) == paper_pdf(one)
    assert paper_pdf(one) != paper_pdf(paper((PaperLine("Pro", 2),)))


def test_long_invoices_go_on_with_their_heading():
    pages = PdfReader(BytesIO(paper_pdf(paper(tuple(PaperLine(f"Line {n}", n) for n in range(80)))))).pages
    assert len(pages) > 1
    assert all("Description" in page.extract_text() for page in pages)
    assert f"2 / {len(pages)}" in pages[1].extract_text()


def test_what_no_font_draws_is_marked():
    assert "Shalom ????" in words(paper_pdf(paper((PaperLine("Shalom שלום", 1),))))


def test_it_is_in_the_readers_language_where_its_letters_can_be_drawn():
    titles = {}
    for language in ("en", "tr", "id", "hi"):
        with override(language), in_words_we_draw():
            titles[language] = gettext("Invoice")
            text = words(paper_pdf(paper((PaperLine("Pro", 90_000_000),), title=titles[language])))
        assert titles[language] in text
        assert "?" not in text
    assert titles == {"en": "Invoice", "tr": "Fatura", "id": "Faktur", "hi": "Invoice"}
