"""Whatever is in a file: bars, or an error that names the place. Never anything else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.markets.errors import BarsFileError
from apps.markets.files import read_bars

HEADER = "time,open,high,low,close,volume,note\n"
CELLS = st.sampled_from(
    ["", " ", "1", "2.5", "-1", "1e308", "1e999", "nan", "inf", "x", '"', '""', '"a\nb"', "2020-01-01", "2020-13-01",
     "2020-01-01T00:00:00Z", "0001-01-01", "9999-12-31", "1577836800", "99999999999999999999", "1,5", "\x00", "é", "\r"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes(data: bytes):
    try:
        bars = read_bars(io.BytesIO(data))
    except BarsFileError:
        return
    assert len(bars)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=9), max_size=6), st.sampled_from([",", ";", "\t"]), st.booleans())
def test_any_cells_below_a_header(rows: list[list[str]], separator: str, berlin: bool):
    text = HEADER.replace(",", separator) + "\n".join(separator.join(row) for row in rows)
    try:
        bars = read_bars(io.BytesIO(text.encode()), timezone="Europe/Berlin" if berlin else "UTC")
    except BarsFileError:
        return
    assert np.isfinite(bars.close).all()
    assert (bars.low > 0).all()
    assert (bars.high >= bars.low).all()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(["plain", "blank", "spaces", "quoted", "two lines"]), max_size=12), st.data())
def test_the_line_named_is_the_line_at_fault(kinds: list[str], data: st.DataObject):
    """Good rows of every kind before the bad one, which the expected line is counted from by hand."""
    text, line = HEADER, 2
    for at, kind in enumerate(kinds):
        day = f"2020-01-{at + 1:02}"
        row = {
            "plain": f"{day},1,2,1,2,3,",
            "blank": "",
            "spaces": "   ",
            "quoted": f'"{day}","1",2,1,2,3,"x, y"',
            "two lines": f'{day},1,2,1,2,3,"x\ny"',
        }[kind]
        text += row + "\n"
        line += 2 if kind == "two lines" else 1
    column = data.draw(st.sampled_from(["time", "open", "high", "low", "close", "volume"]))
    cells = dict(zip(HEADER.strip().split(","), ["2020-02-01", "1", "2", "1", "2", "3", ""], strict=True))
    cells[column] = "wrong"
    text += ",".join(cells.values()) + "\n2020-02-02,1,2,1,2,3,\n"
    if column == "time" and not any(kind not in ("blank", "spaces") for kind in kinds):
        return  # the first time decides how times are spelled, so the second is at fault as well
    with pytest.raises(BarsFileError) as caught:
        read_bars(io.BytesIO(text.encode()))
    assert (caught.value.line, caught.value.column) == (line, column)
