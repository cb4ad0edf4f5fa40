"""What a person may not do, in words."""

from apps.core.errors import DomainError


class RightMissing(DomainError):
    """The role, or the API key's scopes, do not hold a right."""

    code = "right_missing"
    status = 403
    title = "Not allowed"
