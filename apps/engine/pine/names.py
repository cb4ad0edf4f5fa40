"""Names of a formula in Pine and back: what Pine has taken bears a trailing underscore there."""

import re

_KEYWORDS = """
and as break by catch class const continue do else ellipse enum export false for if import in input is method na not or
polygon range return series simple step struct switch text throw to true try type union var varip void while
"""
_TYPES = """
array bool box chart color float footprint int label line linefill map matrix polyline string table volume_row
"""
_NAMESPACES = """
adjustment alert backadjustment barmerge barstate currency dayofweek dividends display earnings extend font format
hline inputs location log math order plot polyline position request runtime scale session settlement_as_close shape
size splits str strategy syminfo ta ticker timeframe xloc yloc
"""
_VARIABLES = """
ask bar_index bid close dayofmonth high hl2 hlc3 hlcc4 hour last_bar_index last_bar_time low minute month ohlc4 open
second time time_close time_tradingday timenow volume weekofyear year
"""
_FUNCTIONS = """
alertcondition barcolor bgcolor fill fixnan indicator iff library max_bars_back nz plotarrow plotbar plotcandle
plotchar plotshape security study timestamp tostring tr
"""
# variables that an exported script declares for itself
_SCRIPT = """
seq best entry_bar held timed clash equity cost message exit_after is_long is_short leave
"""
RESERVED = frozenset(" ".join((_KEYWORDS, _TYPES, _NAMESPACES, _VARIABLES, _FUNCTIONS, _SCRIPT)).split())
_GENERATED = re.compile(
    r"f_\w*"  # helper functions
    r"|x_\d+"  # temporaries
    r"|(?:long|short|exit_long|exit_short|exit|alert|text)_\d+"  # conditions and texts
    r"|(?:long|short)_(?:stop|target|trail|risk|units)"
    r"|(?:asks|leaves|enter|says)_(?:long|short|exit|exit_long|exit_short)"
    r"|(?:stop_loss|take_profit|trailing_stop)_(?:percent|by|at)"
    r"|(?:stop|target|trail)_gap"
    r"|message_\w+"
    r"|size_(?:percent|cash|units|risk)"
)


def pine_name(name: str) -> str:
    """The Pine identifier for a formula's `name`; never one of Pine's own, nor of an exported script's."""
    return f"{name}_" if _is_taken(name) else name


def formula_name(name: str) -> str:
    """The formula's name behind a Pine identifier: the inverse of `pine_name`."""
    return name[:-1] if name.endswith("_") and _is_taken(name[:-1]) else name


def _is_taken(name: str) -> bool:
    base = name.rstrip("_")
    return base in RESERVED or _GENERATED.fullmatch(base) is not None
