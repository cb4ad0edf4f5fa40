"""Single lines: what becomes of them, and what the report says."""

import pytest

from apps.engine.pine import import_pine

HEAD = '//@version=5\nstrategy("x", default_qty_type=strategy.percent_of_equity, default_qty_value=100)\n'
ENTRIES = 'if close > open\n    strategy.entry("L", strategy.long)\nif close < open\n    strategy.entry("S", strategy.short)\n'
LONG = 'if close > open\n    strategy.entry("L", strategy.long)\n'


def lines_of(source: str) -> list[str]:
    return import_pine(source).text.splitlines()


def status_of(source: str, line: int) -> tuple[str, str]:
    found = {entry.line: entry for entry in import_pine(source).report}
    return found[line].status, found[line].message


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("strategy.position_avg_price * 0.97", "stop_loss 3%"),
        ("strategy.position_avg_price * (1 - 0.025)", "stop_loss 2.5%"),
        ("strategy.position_avg_price - strategy.position_avg_price * 0.05", "stop_loss 5%"),
        ("strategy.position_avg_price * (100 - 4) / 100", "stop_loss 4%"),
        ("strategy.position_avg_price * (1 - 4.0 / 100)", "stop_loss 4%"),
        ("strategy.position_avg_price - 2 * ta.atr(14)", "stop_loss by 2 * atr(14)"),
        ("ta.lowest(low, 10)", "stop_loss at lowest(low, 10)"),
    ],
)
def test_a_stop_is_a_percentage_a_distance_or_a_price(price, expected):
    source = f'{HEAD}{LONG}strategy.exit("X", "L", stop={price})\n'
    assert expected in lines_of(source)
    assert import_pine(source).complete


@pytest.mark.parametrize(
    ("entries", "condition", "expected"),
    [
        (LONG, "strategy.position_size == 0", "long when close > 1"),
        (LONG, "not (strategy.position_size > 0)", "long when close > 1"),
        (LONG, "strategy.opentrades == 0", "long when close > 1"),
        (ENTRIES, "strategy.position_size <= 0", "long when close > 1"),
        (ENTRIES, "0 >= strategy.position_size", "long when close > 1"),
        (ENTRIES, "strategy.position_size == 0", None),
        (ENTRIES, "strategy.position_size > 100", None),
    ],
)
def test_a_condition_on_the_position_is_left_out_where_the_position_is_known(entries, condition, expected):
    source = f'{HEAD}{entries}if close > 1 and {condition}\n    strategy.entry("L", strategy.long)\n'
    result = import_pine(source)
    assert result.ok
    if expected is None:
        assert result.report[-1].status == "needs_edit"
        assert "position_size" in result.report[-1].message
        assert "long when close > 1" not in result.text.splitlines()
    else:
        assert expected in result.text.splitlines()
        assert result.complete


def test_an_entry_that_can_never_be_made_is_no_statement():
    source = (
        f'{HEAD}{LONG}if strategy.position_size > 0 and close > 7\n    strategy.entry("L", strategy.long)\n'
    )
    assert "7" not in import_pine(source).text


def test_each_side_closes_by_its_id():
    source = HEAD + ENTRIES + 'if close > 5\n    strategy.close("L")\nstrategy.close("S", when=close > 6)\n'
    source += "strategy.close_all(when=close > 7)\n"
    assert lines_of(source)[2:5] == [
        "exit long when close > 5",
        "exit short when close > 6",
        "exit when close > 7",
    ]
    assert status_of(HEAD + LONG + 'strategy.close("nobody")\n', 5) == (
        "needs_edit",
        'no strategy.entry has the id "nobody"',
    )


def test_a_stop_that_only_one_of_two_sides_has_is_named():
    source = HEAD + ENTRIES + 'strategy.exit("X", "L", stop=strategy.position_avg_price * 0.9)\n'
    assert "stop_loss 10%" in lines_of(source)
    assert status_of(source, 7) == (
        "needs_edit",
        "only one side has this stop_loss; a formula's protects both sides",
    )


def test_sides_with_different_stops_are_named():
    source = HEAD + ENTRIES + 'strategy.exit("X", "L", stop=strategy.position_avg_price * 0.9)\n'
    source += 'strategy.exit("Y", "S", stop=strategy.position_avg_price * 1.2)\n'
    assert status_of(source, 8)[0] == "needs_edit"


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("for i = 0 to 3", "impossible", "no loops"),
        ("x = array.new_float(3)", "impossible", "array"),
        ('x = request.security("AAPL", "D", close)', "impossible", "another instrument"),
        (
            'x = request.security(syminfo.tickerid, "D", close, lookahead=barmerge.lookahead_on)',
            "impossible",
            "ahead",
        ),
        ('x = request.security(syminfo.tickerid, "D", close)', "needs_edit", "repaints"),
        ("x = ta.dev(close, 10)", "needs_edit", "no counterpart"),
        ("x = unheard_of(close)", "needs_edit", "not known"),
        ("x = ta.sma(close)", "needs_edit", "`length` is missing"),
        ("x = close[bar_index]", "needs_edit", "constant or an input"),
        ("x := 1", "needs_edit", "before it is declared"),
        ("x = (close", "needs_edit", "cannot be read"),
        ('x = "open', "needs_edit", "never closed"),
        ("bgcolor(color.red)", "ignored", "drawing"),
        ('l = label.new(bar_index, high, "x")', "ignored", "drawing"),
        ("c = close > open ? color.red : #00ff00", "ignored", "drawing"),
        ('strategy.order("a", strategy.long)', "needs_edit", "strategy.order"),
        ('strategy.entry("L", strategy.long, limit=close)', "needs_edit", "limit price"),
        ("x = 7 / 2", "imported", "is 3"),
    ],
)
def test_every_line_says_what_became_of_it(line, status, words):
    found = status_of(f"{HEAD}{LONG}{line}\n", 5)
    assert found[0] == status
    assert words in found[1]


def test_names_of_the_language_are_changed_everywhere():
    result = import_pine(
        '//@version=5\nindicator("x")\nsize = 3\nema = ta.ema(close, size)\nalertcondition(close > ema, "a")\n'
    )
    assert result.text == 'my_size = 3\nmy_ema = ema(close, my_size)\nalert "a" when close > my_ema\n'
    assert "it is called `my_ema`" in result.report[3].message


def test_what_depends_on_a_failed_line_is_left_out_and_the_rest_stays():
    result = import_pine(
        '//@version=5\nindicator("x")\na = ta.cog(close, 3)\nb = a + 1\nc = close + 1\n'
        'alertcondition(b > c, "b")\nalertcondition(c > 2, "c")\n'
    )
    assert result.ok
    assert not result.complete
    assert 'alert "c" when c > 2' in result.text
    assert [line.status for line in result.report[2:]] == [
        "needs_edit",
        "needs_edit",
        "imported",
        "needs_edit",
        "imported",
    ]


def test_comments_stay_where_they_stood():
    result = import_pine(
        '//@version=5\nindicator("x")\n\n// above\na = close // behind\n\n// before the alert\nalertcondition(a > 1, "a")\n// last\n'
    )
    assert result.text == '# above\na = close  # behind\n\n# before the alert\nalert "a" when a > 1\n# last\n'


@pytest.mark.parametrize(
    ("header", "first", "second", "expected"),
    [
        ("", "", ", qty = 3", None),
        (", default_qty_type = strategy.cash, default_qty_value = 3", "", ", qty = 3", "size 3"),
        ("", ", qty = 2", ", qty = 3", "size 2 units"),
        ("", ", qty = 2", "", "size 2 units"),
    ],
)
def test_entries_of_two_sizes_are_told_of(header, first, second, expected):
    source = (
        f'//@version=6\nstrategy("x"{header})\nif close > open\n    strategy.entry("L", strategy.long{first})\n'
        f'if close < open\n    strategy.entry("S", strategy.short{second})\n'
    )
    assert status_of(source, 6) == ("needs_edit", "a formula has one size; this is another")
    sizes = [line for line in lines_of(source) if line.startswith("size")]
    assert sizes == ([expected] if expected else [])


def test_a_close_of_one_of_two_entries_is_told_of():
    two = LONG + 'if close > 9\n    strategy.entry("B", strategy.long)\n'
    alone = f'{HEAD}{two}strategy.close("B", when = close < 3)\n'
    assert status_of(alone, 7)[0] == "needs_edit"
    assert 'the entry "L"' in status_of(alone, 7)[1]
    both = f'{alone}strategy.close("L", when = close < 3)\n'
    assert status_of(both, 7)[0] == "imported"
    assert status_of(both, 8)[0] == "imported"


def test_lines_that_only_serve_what_is_not_imported_are_told_of():
    source = (
        f"{HEAD}{LONG}trail = 0.0\n"
        "trail := strategy.position_size > 0 ? math.max(trail[1], close * 0.95) : 0\n"
        'if close < trail\n    strategy.close("L")\n'
    )
    assert [status_of(source, line)[0] for line in (3, 4, 5, 6, 8)] == ["imported"] * 2 + ["needs_edit"] * 3


def test_what_an_order_was_to_read_is_told_of_with_it():
    source = (
        f"{HEAD}{LONG}entered = strategy.position_size != strategy.position_size[1]\n"
        'if entered and close < open\n    strategy.close("L")\n'
    )
    assert [status_of(source, line)[0] for line in (5, 7)] == ["needs_edit"] * 2


def test_a_price_given_while_a_position_is_open():
    source = (
        f"{HEAD}{LONG}level = strategy.position_size > 0 ? strategy.position_avg_price * 0.97 : na\n"
        'strategy.exit("X", "L", stop=level)\n'
    )
    assert "stop_loss 3%" in lines_of(source)
    assert import_pine(source).complete


@pytest.mark.parametrize(
    ("version", "line", "told"),
    [
        (5, "x = close > open ? ta.ema(close, 3) : 0", True),
        (5, "x = close > open and ta.ema(close, 3) > 0", False),
        (6, "x = close > open and ta.ema(close, 3) > 0", True),
        (6, "x = ta.ema(close, 3) > 0 and close > open", False),
        (6, "x = close > open or ta.rising(close, 2)", True),
        (6, "x = input.bool(true) and ta.rising(close, 2)", False),
        (6, "x = close > open ? close : open", False),
    ],
)
def test_what_tradingview_computes_on_some_bars_only_is_told_of(version, line, told):
    status, message = status_of(f'//@version={version}\nindicator("x")\n{line}\nplot(x ? 1 : 0)\n', 3)
    assert status == "imported"
    assert ("only on bars that need it" in message) is told
