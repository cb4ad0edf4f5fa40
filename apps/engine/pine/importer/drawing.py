"""What only draws: a formula leaves it out."""

_CALLS = frozenset(
    [
        "plotshape",
        "plotchar",
        "plotarrow",
        "plotbar",
        "plotcandle",
        "bgcolor",
        "barcolor",
        "fill",
        "hline",
        "max_bars_back",
        "runtime.error",
    ]
)
_FAMILIES = [
    "label",
    "line",
    "box",
    "table",
    "linefill",
    "polyline",
    "color",
    "chart",
    "log",
    "shape",
    "location",
    "size",
    "display",
    "extend",
    "position",
    "xloc",
    "yloc",
    "text",
    "font",
    "hline",
    "format",
    "scale",
    "adjustment",
]
OLD_COLORS = frozenset(
    [
        "aqua",
        "black",
        "blue",
        "fuchsia",
        "gray",
        "green",
        "lime",
        "maroon",
        "navy",
        "olive",
        "orange",
        "purple",
        "red",
        "silver",
        "teal",
        "white",
        "yellow",
    ]
)


def draws(path: str) -> bool:
    """Whether the function, constant or family of that name only draws."""
    if path in _CALLS:
        return True
    family, dot, _ = path.partition(".")
    if family == "plot":
        return bool(dot)  # plot.style_line; plot() itself is kept
    return family in _FAMILIES and bool(dot)
