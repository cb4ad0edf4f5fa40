"""The vector of the language's page, as a test of the UT Bot."""

from tests.language_page import UT_BOT, UT_BOT_CLOSES, UT_BOT_LINE, UT_BOT_SETTINGS

__all__ = ["UT_BOT", "VECTOR"]

VECTOR = {
    "name": "UT Bot turns",
    "settings": UT_BOT_SETTINGS,
    "bars": UT_BOT_CLOSES,
    "spread": 1,
    "signals": [{"bar": 6, "kind": "short"}, {"bar": 10, "kind": "long"}],
    "series": {"line": UT_BOT_LINE},
    "tolerance": 1e-6,
}
