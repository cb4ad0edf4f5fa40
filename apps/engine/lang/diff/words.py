"""What statements, functions and their parameters are called in a sentence about a change."""

from apps.engine.lang import tree
from apps.engine.lang.functions import FUNCTIONS
from apps.engine.lang.writer import write_expression, write_statement
from apps.engine.said import said

_ABBREVIATIONS = frozenset(
    [
        *(
            "sma",
            "ema",
            "rma",
            "wma",
            "hma",
            "vwma",
            "dema",
            "tema",
            "kama",
            "alma",
            "vwap",
            "tr",
            "atr",
            "natr",
            "bb",
        ),
        *(
            "kc",
            "bbw",
            "rsi",
            "macd",
            "ppo",
            "cci",
            "cmo",
            "mfi",
            "wpr",
            "roc",
            "tsi",
            "trix",
            "adx",
            "dmi",
            "sar",
        ),
        *("obv", "ad", "adosc"),
    ]
)
_PARAMETERS = {"n": said("length"), "src": said("source"), "cond": said("condition")}
PROTECTIONS = {
    "stop_loss": said("stop-loss"),
    "take_profit": said("take-profit"),
    "trailing_stop": said("trailing stop"),
}
_CONDITIONS = {
    "long": said("long condition"),
    "short": said("short condition"),
    "exit_long": said("exit-long condition"),
    "exit_short": said("exit-short condition"),
    "exit": said("exit condition"),
}


def function_word(name: str) -> str:
    return name.upper() if name in _ABBREVIATIONS else name


def parameter_word(function: str, position: int) -> str:
    known = FUNCTIONS.get(function)
    if known is None or position >= len(known.parameters):
        return said("argument {number}", number=position + 1)
    name = known.parameters[position].name
    return _PARAMETERS.get(name, name)


def shown(node: tree.Expr) -> str:
    """A plain value as it is, anything longer between backticks."""
    text = bare(node)
    return text if isinstance(node, tree.Number | tree.Truth | tree.Name | tree.Text) else f"`{text}`"


def bare(node: tree.Expr) -> str:
    """An expression as it is written, without brackets around the whole."""
    text = write_expression(node)
    return text[node.brackets : len(text) - node.brackets] if node.brackets else text


def subject_of(node: tree.Statement) -> str:
    """The kind of statement: input, series, long, ..., stop_loss, size, alert or plot."""
    match node:
        case tree.Input():
            return "input"
        case tree.Definition():
            return "series"
        case tree.Condition() | tree.Protect():
            return node.kind
        case tree.ExitAfter():
            return "exit_after"
        case tree.Sizing():
            return "size"
        case tree.Alert():
            return "alert"
    return "plot"


def label_of(node: tree.Statement) -> str:
    """The statement in a sentence."""
    match node:
        case tree.Input():
            return said("input {name}", name=node.name)
        case tree.Definition():
            return said("series {name}", name=node.name)
        case tree.Condition():
            return _CONDITIONS[node.kind]
        case tree.Protect():
            return PROTECTIONS[node.kind]
        case tree.ExitAfter():
            return "exit after"
        case tree.Sizing():
            return said("size")
        case tree.Alert():
            return said('alert "{text}"', text=node.text)
        case tree.Plot():
            return said('plot "{name}"', name=node.name)
    raise TypeError(f"not a statement: {node!r}")


def content_of(node: tree.Statement) -> str:
    """What a statement says, without what `label_of` says of it."""
    match node:
        case tree.Input():
            return write_statement(node).partition(" = ")[2]
        case tree.Protect() | tree.Sizing() | tree.ExitAfter():
            text = write_statement(node)
            start = "exit after " if isinstance(node, tree.ExitAfter) else text.partition(" ")[0] + " "
            return text.removeprefix(start)
        case tree.Definition() | tree.Plot():
            return f"`{bare(node.value)}`"
        case tree.Condition() | tree.Alert():
            return f"`{bare(node.condition)}`"
    raise TypeError(f"not a statement: {node!r}")
