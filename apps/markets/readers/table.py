"""A text file as a table of strings, fast where it is regular and patient where it is not.

Polars reads the regular case (1,000,000 lines in 0.3 s). What it refuses (ragged lines, stray quotes, old
Mac line ends) is read by Python's `csv`, which is slower and knows its lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from django.utils.translation import gettext

from apps.markets.errors import BarsFileError
from apps.markets.readers.columns import Columns, find_columns, require_columns

SEPARATORS = (",", ";", "\t", "|")
_HEAD_BYTES = 65_536
_HEADER_WITHIN_LINES = 20
_SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(slots=True)
class TextTable:
    """Rows of text that are not blank. `frame` has columns `c0`, `c1`, … in the order of the file."""

    frame: pl.DataFrame
    columns: Columns
    separator: str
    header_line: int
    blank_rows: int
    body: bytes

    @property
    def separator_name(self) -> str:
        return _SEPARATOR_NAMES[self.separator]

    def lines_of(self, rows: Sequence[int]) -> dict[int, int]:
        """The line in the file (from 1, header included) of each row of `frame`.

        Counted anew, since blank lines and quoted line breaks shift them; only ever needed for an error.
        """
        wanted, found = set(rows), {}
        if not wanted:
            return {}
        for row, (line, _) in enumerate(_records(self.body, self.separator, self.header_line)):
            if row in wanted:
                found[row] = line
                if len(found) == len(wanted):
                    break
        return found


def read_text_table(data: bytes) -> TextTable:
    """Split a CSV file; finds its separator and its header, which may follow a few lines of preamble.

    Raises `BarsFileError` for an empty file, a file that is no text, missing columns or ragged rows.
    """
    _refuse_other_kinds(data)
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if not data[:_HEAD_BYTES].strip() and not data.strip():
        raise BarsFileError(
            gettext("The file is empty."),
            hint=gettext("It needs a line of column names and at least one bar."),
        )
    header, separator, header_line, body = _find_header(data)
    columns = require_columns(header, line=header_line)
    frame = _fast(body, separator, len(header))
    if frame is None:
        frame = _slow(body, separator, header, header_line)
    rows = len(frame)
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    if frame.is_empty():
        raise BarsFileError(
            gettext("The file has column names and no bars."),
            line=header_line,
            hint=gettext("Add at least one line of data."),
        )
    return TextTable(frame, columns, separator, header_line, rows - len(frame), body)


def strip_cells(table: TextTable) -> TextTable:
    """The same table without spaces around cells; rows of spaces and empty quotes count as blank."""
    stripped = table.frame.with_columns(
        pl.when(pl.all().str.strip_chars().str.len_bytes() > 0).then(pl.all().str.strip_chars())
    )
    kept = stripped.filter(~pl.all_horizontal(pl.all().is_null()))
    if kept.is_empty():
        raise BarsFileError(gettext("The file has column names and no bars."), line=table.header_line)
    blank_rows = table.blank_rows + len(stripped) - len(kept)
    return TextTable(kept, table.columns, table.separator, table.header_line, blank_rows, table.body)


def _refuse_other_kinds(data: bytes) -> None:
    if data[:2] == b"\x1f\x8b":
        raise BarsFileError(
            gettext("This is a gzip archive."), hint=gettext("Unpack it and give the CSV file inside.")
        )
    if data[:4] == b"PK\x03\x04":
        raise BarsFileError(
            gettext("This is a zip archive or an Excel workbook."), hint=gettext("Save the sheet as CSV.")
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise BarsFileError(gettext("The text is in UTF-16."), hint=gettext("Save the file as UTF-8."))
    if b"\x00" in data[:_HEAD_BYTES]:
        raise BarsFileError(
            gettext("This is not a text file."), hint=gettext("Give a CSV file in UTF-8, or a Parquet file.")
        )


def _empty() -> BarsFileError:
    return BarsFileError(
        gettext("The file is empty."), hint=gettext("It needs a line of column names and at least one bar.")
    )


def _find_header(data: bytes) -> tuple[list[str], str, int, bytes]:
    """Header cells, separator, line of the header, and the bytes after it."""
    first: tuple[list[str], str, int, bytes] | None = None
    offset, line, looked = 0, 0, 0
    while offset < len(data) and looked < _HEADER_WITHIN_LINES:
        end = _line_end(data, offset)
        raw, offset, line = data[offset:end], end, line + 1
        text = raw.decode("utf-8", errors="replace").strip("\r\n")
        if not text.strip():
            continue
        looked += 1
        separator = max(SEPARATORS, key=text.count)
        cells = next(csv.reader([text], delimiter=separator), [])
        candidate = (cells, separator, line, data[offset:])
        if find_columns(cells)[0] is not None:
            return candidate
        first = first or candidate
    if first is None:
        raise _empty()
    return first


def _line_end(data: bytes, start: int) -> int:
    ends = [at + 1 for mark in (b"\n", b"\r") if (at := data.find(mark, start)) >= 0]
    if not ends:
        return len(data)
    end = min(ends)
    return end + 1 if data[end - 1 : end + 1] == b"\r\n" else end


def _fast(body: bytes, separator: str, width: int) -> pl.DataFrame | None:
    names = [f"c{at}" for at in range(width)]
    # Polars takes leading blank lines for the header's place; they carry nothing.
    source = separator.join(names).encode() + b"\n" + body.lstrip(b"\r\n")
    try:
        return pl.read_csv(source, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None


def _slow(body: bytes, separator: str, header: Sequence[str], header_line: int) -> pl.DataFrame:
    width = len(header)
    rows: list[list[str | None]] = []
    for line, record in _records(body, separator, header_line):
        if len(record) > width:
            if any(cell.strip() for cell in record[width:]):
                raise BarsFileError(
                    gettext("Line {line} has {record} cells, the header has {width}.").format(
                        line=line, record=len(record), width=width
                    ),
                    line=line,
                    hint=gettext("A number with a comma in it, such as 1,234.5, needs quotes or no comma."),
                )
            record = record[:width]
        rows.append([cell or None for cell in record] + [None] * (width - len(record)))
    return pl.DataFrame(rows, schema={f"c{at}": pl.String for at in range(width)}, orient="row")


def _records(body: bytes, separator: str, header_line: int) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, with the line it starts on."""
    text = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=separator)
    start = 1
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = header_line + start
            raise BarsFileError(
                gettext("Line {line} cannot be split into cells.").format(line=line),
                line=line,
                hint=gettext("Is a quote left open?"),
            ) from error
        if any(cell.strip() for cell in record):
            yield header_line + start, record
        start = reader.line_num + 1
