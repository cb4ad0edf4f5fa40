"""What can be wrong with a contact or with what is asked of a notice."""

from __future__ import annotations

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


class BadTarget(DomainError):
    """An address, number or URL that the channel cannot send to."""

    code = "bad_target"
    title = gettext_lazy("Nothing can be sent there")


class BadLink(DomainError):
    """A link of a message that was cut, changed or made for something else."""

    code = "bad_link"
    status = 410
    title = gettext_lazy("The link does not work")


class NotToBeChosen(DomainError):
    """A wish that cannot be granted: an unknown event or channel, one that is always told, hours without an end."""

    code = "not_to_be_chosen"
    title = gettext_lazy("This cannot be chosen")


class WrongCode(DomainError):
    """A code that is not the one that was sent, or does not count any more."""

    code = "wrong_code"
    title = gettext_lazy("The code does not match")


class TooManyCodes(DomainError):
    """Codes are sent at most so often."""

    code = "too_many_codes"
    status = 429
    title = gettext_lazy("Too many codes")


class TooManyTests(DomainError):
    """Tests are free, so there are only so many of them."""

    code = "too_many_tests"
    status = 429
    title = gettext_lazy("Too many tests")


class BadLadder(DomainError):
    """Steps that cannot be climbed."""

    code = "bad_ladder"
    title = gettext_lazy("The ladder cannot be used")
