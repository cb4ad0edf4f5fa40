"""What a person may not do, in words."""

from apps.core.errors import DomainError


class RightMissing(DomainError):
    """The role, or the API key's scopes, do not hold a right."""

    code = "right_missing"
    status = 403
    title = "Not allowed"


class ConfirmationRequired(DomainError):
    """A dangerous action, and the last proof of who is there is too old."""

    code = "confirmation_required"
    status = 403
    title = "Confirm that it is you"


class ConfirmationFailed(DomainError):
    """The password or code given as proof is not right."""

    code = "confirmation_failed"
    status = 400
    title = "Not confirmed"


class TooManyTries(DomainError):
    """Wrong passwords and codes are slowed down; `retry_after` says for how many seconds."""

    code = "too_many_attempts"
    status = 429
    title = "Too many attempts"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        wait = f"{retry_after} seconds" if retry_after < 90 else f"{round(retry_after / 60)} minutes"
        super().__init__(f"Too many wrong attempts. Try again in {wait}.", extra={"retry_after": retry_after})
