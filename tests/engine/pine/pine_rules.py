"""What Pine v6 demands of a script, checked line by line without the exporter's help.

The rules are those of TradingView's manual: its line wrapping, its v6 migration guide (lazy `and` and `or`, bools that
are never na), its list of words that cannot be names, and of functions that went with v4 and v5.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<space>[ ]+)|(?P<comment>//.*)|(?P<text>"(?:[^"\\]|\\["\\])*")
    |(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<operator>:=|\+=|=>|<=|>=|==|!=|[-+*/%<>=?:,()\[\]])""",
    re.VERBOSE,
)
TYPES = {"int", "float", "bool", "string"}
KEYWORDS = set(
    """and array as bool box break by catch chart color const continue do else enum export false float footprint for if
    import in int is label line linefill map matrix method na not or polyline range return series simple string struct
    switch table text throw to true try type var varip volume_row while""".split()
)
BUILT_IN = set(
    """alert alertcondition ask bar_index barcolor barmerge barstate bgcolor bid close currency dayofmonth dayofweek
    display dividends earnings fill fixnan high hl2 hlc3 hlcc4 hline hour indicator input last_bar_index last_bar_time
    library low math max_bars_back minute month nz ohlc4 open order plot plotarrow plotbar plotcandle plotchar
    plotshape position request runtime second session shape location size str strategy syminfo ta ticker time time_close timeframe
    timenow timestamp volume weekofyear year""".split()
)
GONE = set(
    """study security iff tostring tonumber abs ceil floor sqrt log exp pow sign avg round max min sum sma ema rma wma
    hma vwma alma linreg stdev variance atr rsi macd cci mfi wpr roc mom change tsi stoch dmi supertrend sar bb bbw kc
    kcw highest lowest highestbars lowestbars median percentrank crossover crossunder cross rising falling barssince
    valuewhen pivothigh pivotlow correlation cum obv accdist vwap tr swma cmo cog tickerid color""".split()
)
MONEY = """initial_capital currency default_qty_type default_qty_value commission_type commission_value slippage
pyramiding margin_long margin_short process_orders_on_close calc_on_every_tick calc_on_order_fills close_entries_rule
backtest_fill_limits_assumption use_bar_magnifier fill_orders_on_standard_ohlc""".split()
CLOSING = {"(": ")", "[": "]"}


@dataclass
class Line:
    number: int
    text: str
    indent: int
    tokens: list[tuple[str, str]]  # kind and text, comments and spaces left out

    @property
    def words(self) -> list[str]:
        return [text for _, text in self.tokens]


def read_lines(script: str) -> list[Line]:
    """The script's lines. Raises AssertionError for a character that Pine does not know."""
    lines = []
    for number, text in enumerate(script.split("\n"), 1):
        at, tokens = 0, []
        while at < len(text):
            found = TOKEN.match(text, at)
            assert found, f"line {number}: cannot read {text[at:]!r}"
            at = found.end()
            if found.lastgroup not in ("space", "comment"):
                tokens.append((str(found.lastgroup), found.group()))
        lines.append(Line(number, text, len(text) - len(text.lstrip(" ")), tokens))
    return lines


def check_script(script: str) -> None:
    """Raises AssertionError for the first rule that the script breaks."""
    assert script.startswith("//@version=6\n")
    assert script.endswith("\n")
    assert script.isprintable() or all(c.isprintable() or c == "\n" for c in script)
    lines = read_lines(script)
    check_declaration(lines)
    check_brackets(lines)
    check_blocks(lines)
    check_names(lines)
    check_calls_stand_alone(lines)
    for line in lines:
        for kind, text in line.tokens:
            assert kind != "text" or len(text) <= 4096, (
                f"line {line.number}: a text of {len(text)} characters"
            )
        if line.words[:1] == ["bool"]:
            assert line.words[2:] != ["=", "na"], f"line {line.number}: a bool is never na in v6"


def check_declaration(lines: list[Line]) -> None:
    """One indicator() or strategy(); the latter says everything about money by name, its annotation follows."""
    heads = [line for line in lines if line.words[:1] in (["indicator"], ["strategy"])]
    assert len(heads) == 1
    head = heads[0]
    if head.words[0] == "indicator":
        assert not any(
            word.startswith("strategy.") for line in lines for kind, word in line.tokens if kind == "name"
        )
        return
    assert lines[head.number].text == "//@strategy_alert_message {{strategy.order.alert_message}}"
    arguments = [head.words[i - 1] for i, word in enumerate(head.words) if word == "="]
    assert len(set(arguments)) == len(arguments)
    missing = [name for name in MONEY if name not in arguments]
    assert not missing, f"strategy() leaves {missing} to defaults that have changed"
    assert [kind for kind, _ in head.tokens[2:3]] == ["text"]


def check_brackets(lines: list[Line]) -> None:
    """Every line closes what it opens: nothing is wrapped, so no rule of wrapping can be broken."""
    for line in lines:
        opened: list[str] = []
        for kind, text in line.tokens:
            if kind == "operator" and text in CLOSING:
                opened.append(text)
            elif kind == "operator" and text in CLOSING.values():
                assert opened, f"line {line.number}: {text} closes nothing"
                assert CLOSING[opened.pop()] == text, f"line {line.number}"
        assert not opened, f"line {line.number}: {opened} is never closed"
        if line.tokens:
            assert line.words[-1] not in ("+", "-", "*", "/", "and", "or", "?", ":", ",", "=", ":="), (
                line.text
            )


def check_blocks(lines: list[Line]) -> None:
    """Blocks are indented by 4 spaces and opened by `=>`, `if` or `else`; none is empty."""
    depth, opens = 0, False
    for line in lines:
        if not line.tokens:
            continue
        assert line.indent % 4 == 0, f"line {line.number}"
        level = line.indent // 4
        if opens:
            assert level == depth + 1, f"line {line.number}: a block must follow"
        else:
            assert level <= depth, f"line {line.number}: indented without a reason"
        depth = level
        opens = line.words[-1] == "=>" or line.words[0] in ("if", "while") or line.words == ["else"]
    assert not opens


def check_names(lines: list[Line]) -> None:
    """Names are declared once, before they are used, and are none of Pine's own."""
    known = set(BUILT_IN) | {"true", "false", "na"}
    local: set[str] = set()
    for line in lines:
        if not line.tokens:
            continue
        if line.indent == 0:
            local = set()
        declared = declared_names(line)
        for name in declared:
            assert name not in KEYWORDS | BUILT_IN, f"line {line.number}: {name} is Pine's"
            assert "." not in name
            assert line.indent or name not in known, f"line {line.number}: {name} is declared twice"
        is_function = line.words[-1] == "=>"
        parameters = declared[1:] if is_function else []
        if is_function:
            local = set(parameters)
        for i, (kind, text) in enumerate(line.tokens):
            following = line.words[i + 1] if i + 1 < len(line.tokens) else ""
            if (
                kind != "name"
                or text in KEYWORDS
                or text in declared
                or text.split(".")[0] in BUILT_IN | {"array"}
                or text.startswith("color.")
            ):
                if kind == "name" and text in ("study", "security"):
                    raise AssertionError(f"line {line.number}: {text} is gone")
                continue
            if following == "=" and i and line.words[i - 1] in ("(", ","):
                continue  # a named argument
            assert text not in GONE or text in known | local, (
                f"line {line.number}: {text} is of an older version"
            )
            assert text in known | local, f"line {line.number}: {text} is not declared"
        (local if line.indent else known).update(declared if not is_function else declared[:1])


def declared_names(line: Line) -> list[str]:
    """The names a line declares: of a variable, a tuple, or a function and its parameters."""
    words = line.words
    if words[-1] == "=>":
        names = [words[0]]
        for i, word in enumerate(words):
            if word in (",", ")") and words[i - 1] != "(":
                names.append(words[i - 1])
        return names
    if words[0] == "[" and "=" in words:
        return [word for word in words[1 : words.index("]")] if word != ","]
    if words[0] in ("var", "varip"):
        words = words[1:]
    if words[0] == "array" and words[1:2] == ["<"] and words[3:4] == [">"]:
        return [words[4]]
    if words[0] in TYPES and len(words) > 2 and words[2] == "=":
        return [words[1]]
    return []


def check_calls_stand_alone(lines: list[Line]) -> None:
    """What remembers earlier bars is called on a line of its own that runs on every bar: v6's `and`, `or` and `?:`
    skip what they do not need, and an `if` does so too."""
    remembering = remembering_functions(lines)
    inside_if: list[int] = []
    for line in lines:
        if not line.tokens:
            continue
        inside_if = [indent for indent in inside_if if indent < line.indent]
        calls = [
            i
            for i, (kind, text) in enumerate(line.tokens)
            if kind == "name" and remembers(text, remembering) and line.words[-1] != "=>"
        ]
        if "request.security" in line.words[calls[0] : calls[0] + 1] if calls else False:
            calls = calls[:1]  # what stands in its brackets runs on every bar of the other symbol
        if calls:
            start = assigned_at(line)
            assert calls == [start], f"line {line.number}: {line.text.strip()}"
            assert not inside_if, f"line {line.number}: not every bar comes here"
            assert closes_at(line, start) == len(line.tokens) - 1, f"line {line.number}: {line.text.strip()}"
        if line.words[0] in ("if", "else", "while"):
            inside_if.append(line.indent)


def remembers(name: str, functions: set[str]) -> bool:
    return name.startswith("ta.") or name in ("fixnan", "request.security", "math.sum") or name in functions


def remembering_functions(lines: list[Line]) -> set[str]:
    """The script's own functions that call what remembers, look at the past, or keep variables."""
    found: set[str] = set()
    name = ""
    for line in lines:
        if not line.tokens:
            continue
        if line.indent == 0:
            name = line.words[0] if line.words[-1] == "=>" else ""
        elif name:
            looks_back = any(
                text == "[" and i and line.tokens[i - 1][0] == "name" for i, text in enumerate(line.words)
            )
            if looks_back or "var" in line.words or any(remembers(w, found) for w in line.words):
                found.add(name)
    return found


def assigned_at(line: Line) -> int:
    """Where the right side of an assignment begins; -1 for another line."""
    for i, word in enumerate(line.words):
        if word in ("=", ":="):
            return i + 1
        if word in ("(", "?"):
            break
    return -1


def closes_at(line: Line, start: int) -> int:
    """The last token of the call, or of the variable, that begins at `start`."""
    if line.words[start + 1 : start + 2] != ["("]:
        return start
    depth = 0
    for i in range(start + 1, len(line.tokens)):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(line.words[i], 0)
        if depth == 0:
            return i
    return -1
