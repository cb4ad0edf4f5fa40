"""What the constants of a new block are set to: the values charts commonly start with."""

_BY_FUNCTION = {
    ("kc", "k"): "1.5", ("stoch", "k"): "3", ("stoch", "n"): "14", ("valuewhen", "k"): "0",
    ("ultosc", "a"): "7", ("ultosc", "b"): "14", ("ultosc", "c"): "28", ("sar", "step"): "0.02",
    ("adosc", "fast"): "3", ("adosc", "slow"): "10", ("bb", "n"): "20", ("bbw", "n"): "20",
    ("kc", "n"): "20", ("donchian", "n"): "20", ("supertrend", "n"): "10", ("rising", "n"): "3",
    ("falling", "n"): "3",
}  # fmt: skip
_BY_PARAMETER = {
    "n": "14", "fast": "12", "slow": "26", "signal": "9", "k": "2", "d": "3", "short": "13",
    "long": "25", "offset": "0.85", "sigma": "6", "factor": "3", "left": "5", "right": "5",
    "start": "0.02", "limit": "0.2", "conversion": "9", "base": "26", "span_b": "52", "digits": "2",
}  # fmt: skip


def default_of(function: str, parameter: str) -> str:
    """The number to start with, as it is written."""
    return _BY_FUNCTION.get((function, parameter)) or _BY_PARAMETER[parameter]
