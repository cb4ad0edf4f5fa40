"""What the compiled parts of the engine say of a run, marked for the catalogues of locale/.

Their sentences are stored as they are, in English; `apps.core.kept` knows them again by these patterns. They stand here
since those parts are compiled anew whenever a letter of theirs changes.
"""

from apps.core.kept import kept_in_words
from apps.core.words import gettext_noop

PATTERNS = (
    # apps/engine/honesty/luck.py
    gettext_noop("Too short to judge: {returns}, and at least {least} are needed."),
    gettext_noop("{count} return"),
    gettext_noop("{count} returns"),
    gettext_noop("There is nothing to judge: all {periods} returns are the same."),
    gettext_noop(
        "Too little to judge: of {periods} returns, only a few make up the result, as if there were "
        "{effective}; at least {least} are needed."
    ),
    gettext_noop("There is no edge to explain: the Sharpe ratio is {sharpe}, {tried}."),
    gettext_noop("one variant tried"),
    gettext_noop("{count} variants tried"),
    gettext_noop("{opening}: {chance}. The deflated Sharpe ratio is {value}; {mark}."),
    gettext_noop(
        "one variant tried; chance alone would show a Sharpe ratio around 0, give or take {error}, and yours is "
        "{sharpe}"
    ),
    gettext_noop(
        "of {count} variants tried, the best by chance alone would show a Sharpe ratio of about {expected}; yours "
        "is {sharpe}"
    ),
    gettext_noop("Luck is an unlikely explanation"),
    gettext_noop("Luck remains a possible explanation"),
    gettext_noop("Luck is a likely explanation"),
    gettext_noop("from {evidence} on this is evidence"),
    gettext_noop("from {weak} to {evidence} this is weak evidence"),
    gettext_noop("below {weak} this is no evidence"),
    # apps/engine/sim/spec.py
    gettext_noop("cash must be a positive amount, not {value}."),
    gettext_noop("fee must be a fraction from 0 up to, not including, 1 (0.001 is 0.1 %), not {value}."),
    gettext_noop("slippage_bps must be from 0 to {most} basis points, not {value}."),
    gettext_noop("fill must be next_open or close, not {value}."),
    gettext_noop("borrow_per_day must be a fraction from 0 up to, not including, 1, not {value}."),
    gettext_noop("funding_per_day must be a fraction between -1 and 1, not {value}."),
    # apps/engine/honesty/overfitting.py, and what sweeps say in its place
    gettext_noop(
        "{periods} returns are too few for {blocks} blocks: {needed} are needed, {each} a block; take fewer blocks "
        "or a longer time"
    ),
    gettext_noop("no variant's returns differ: there is nothing to choose from"),
    gettext_noop("it takes at least {least} settings to tell"),
    # apps/engine/stats/delay.py
    gettext_noop("There are no trades that a delay could cost."),
    gettext_noop("There is no edge to lose: the run earns nothing even without delay."),
    gettext_noop("The edge outlasts a delay of {delay}."),
    gettext_noop("This edge is gone after {delay}."),
    gettext_noop("{count} second"),
    gettext_noop("{count} seconds"),
    gettext_noop("{count} minute"),
    gettext_noop("{count} minutes"),
    gettext_noop("{count} hour"),
    gettext_noop("{count} hours"),
    gettext_noop("{count} day"),
    gettext_noop("{count} days"),
    gettext_noop("{count} milliseconds"),
    # levels of a walk-forward's verdict
    gettext_noop("holds up"),
    gettext_noop("weak"),
    gettext_noop("fails"),
    gettext_noop("too little to judge"),
    # levels of the data's quality
    gettext_noop("clean"),
    gettext_noop("usable"),
    gettext_noop("doubtful"),
    gettext_noop("unusable"),
)


def refusal_in_words(error: Exception | str) -> str:
    """What the engine refused, as a sentence in the reader's language."""
    text = kept_in_words(error if isinstance(error, str) else error.args[0])
    return f"{text[:1].upper()}{text[1:]}"
