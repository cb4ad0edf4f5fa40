"""The life of a bot, in one table: which act leads from which state to which."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.bots.choices import Act, BotState
from apps.bots.errors import ActRefused
from apps.core.words import gettext_lazy

D, R, P, S, X = BotState.DRAFT, BotState.RUNNING, BotState.PAUSED, BotState.STOPPED, BotState.ARCHIVED

TABLE: dict[Act, dict[BotState, BotState]] = {
    Act.DEPLOY: {D: R, S: R},
    Act.PAUSE: {R: P},
    Act.RESUME: {P: R},
    Act.STOP: {R: S, P: S},
    Act.ARCHIVE: {D: X, S: X},
    Act.RESTORE: {X: S},
    Act.SWITCH: {R: R, P: P},
}
# Why an act is refused in a state, in words for whoever asked.
_WORDS: dict[tuple[Act, BotState], str] = {
    (Act.DEPLOY, R): gettext_lazy("It runs already."),
    (Act.DEPLOY, P): gettext_lazy("It is paused: resume it."),
    (Act.DEPLOY, X): gettext_lazy("It is archived: restore it first."),
    (Act.PAUSE, P): gettext_lazy("It is paused already."),
    (Act.RESUME, R): gettext_lazy("It runs already."),
    (Act.STOP, S): gettext_lazy("It is stopped already."),
    (Act.ARCHIVE, R): gettext_lazy("It runs: stop it first."),
    (Act.ARCHIVE, P): gettext_lazy("It is paused: stop it first."),
    (Act.ARCHIVE, X): gettext_lazy("It is archived already."),
}


def after(state: str, act: Act) -> BotState:
    """The state to which `act` leads. Raises ActRefused where the table has no such way."""
    present = BotState(state)
    found = TABLE[act].get(present)
    if found is None:
        words = _WORDS.get((act, present), gettext("It is {state}.").format(state=present.label.lower()))
        allowed = ", ".join(sorted(other.label.lower() for other in TABLE[act]))
        raise ActRefused(
            gettext("A bot that is {lower} cannot be {lower_2}. {words}").format(
                lower=present.label.lower(), lower_2=act.label.lower(), words=words
            ),
            extra={"state": present.value, "act": act.value, "possible_from": allowed},
        )
    return found


def acts_from(state: str) -> list[Act]:
    """The acts a person may choose in this state, in the order of the table."""
    return [act for act, ways in TABLE.items() if BotState(state) in ways and act != Act.SWITCH]
