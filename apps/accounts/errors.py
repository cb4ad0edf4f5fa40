from apps.core.errors import DomainError


class NotAMember(DomainError):
    code = "not_a_member"
    status = 404
    title = "Not found"
