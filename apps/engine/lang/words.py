"""Words of the language that are no functions, and what editors say of them and of parameters."""

from apps.engine.lang.functions import Parameter

STATEMENTS = {
    "input": ("input ${name} = ${9} in ${2}..${50}", "input NAME = VALUE in LOW..HIGH", "declares a setting"),
    "long": ("long when ${condition}", "long when CONDITION", "asks to be long"),
    "short": ("short when ${condition}", "short when CONDITION", "asks to be short"),
    "exit": (
        "exit ",
        "exit when CONDITION",
        "asks to be out: exit when, exit long when, exit short when, exit after",
    ),
    "stop_loss": (
        "stop_loss ${3%}",
        "stop_loss 3%",
        "limits the loss: a percentage, by DISTANCE, or at PRICE",
    ),
    "take_profit": (
        "take_profit ${6%}",
        "take_profit 6%",
        "takes a gain: a percentage, by DISTANCE, or at PRICE",
    ),
    "trailing_stop": (
        "trailing_stop ${3%}",
        "trailing_stop 3%",
        "follows the best price: a percentage, or by DISTANCE",
    ),
    "size": ("size ${50%}", "size 50%", "chooses how much: a share of equity, an amount, units, or risk 1%"),
    "alert": ('alert "${text}" when ${condition}', 'alert "TEXT" when CONDITION', "sends a text"),
    "plot": ('plot ${series} as "${name}"', 'plot EXPRESSION as "NAME"', "draws a series on the chart"),
}
WORDS = {
    "when": "what follows is the condition",
    "after": "exit after N bars: out once a position has been held for N bars",
    "bars": "closes `exit after N`",
    "by": "a distance in price, measured on the bar of the signal",
    "at": "a price, moved at every close",
    "risk": "so much that the stop-loss would lose this share of equity",
    "units": "a number of units of what is traded",
    "as": "the name under which the series is drawn",
    "in": "the range, LOW..HIGH, or the texts to choose from",
    "step": "the distance between the values of a range",
    "and": "true where both sides are",
    "or": "true where one side is, or both",
    "not": "true where what follows is false",
    "true": "holds always",
    "false": "never holds",
    "na": "the missing value",
    "symbol": "the symbol of the instrument",
    "time": "the opening time of the bar, in UTC",
}
OPERATORS = {
    "+": "plus",
    "-": "minus",
    "*": "times",
    "/": "divided by; what is divided by 0 is na",
    "%": "the remainder of a division, with the sign of the left side",
    "<": "below; false where a side is na",
    "<=": "at or below; false where a side is na",
    ">": "above; false where a side is na",
    ">=": "at or above; false where a side is na",
    "==": "equal; false where a side is na",
    "!=": "different; false where a side is na",
    "?": "CONDITION ? A : B is A where the condition holds, else B",
    ":": "CONDITION ? A : B is A where the condition holds, else B",
    "[": "x[n] is x as of n bars ago",
}
TIMEFRAMES = {
    "5m": "5 minutes",
    "15m": "15 minutes",
    "30m": "30 minutes",
    "1h": "1 hour",
    "4h": "4 hours",
    "12h": "12 hours",
    "1d": "1 day",
    "1w": "1 week, from Monday",
    "1M": "1 month",
}
FRAMES = {  # by unit: one of them, several
    "m": ("bars of 1 minute", "bars of {count} minutes"),
    "h": ("bars of 1 hour", "bars of {count} hours"),
    "d": ("bars of 1 day", "bars of {count} days"),
    "w": ("bars of 1 week", "bars of {count} weeks"),
    "M": ("bars of 1 month", "bars of {count} months"),
}
TIMEFRAME_SIGNATURE = "tf(timeframe, expression)"
TIMEFRAME_SUMMARY = "the value of an expression on the last closed bar of another timeframe"
TIMEFRAME_PARAMETERS = (
    ("timeframe", 'a text such as "15m", "4h", "1d", "1w" or "1M"'),
    ("expression", "any number or condition"),
)


def allowed(parameter: Parameter) -> str:
    """What a parameter takes, with its range."""
    most = f"{parameter.low:g} to {parameter.high:,.10g}"
    what = {
        "series": "a number or a series of numbers",
        "condition": "a condition",
        "length": f"a whole number or input from {most}",
        "number": f"a number or input from {most}",
    }[parameter.kind]
    return f"{what}; may be left out" if parameter.optional else what
