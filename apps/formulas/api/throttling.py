from rest_framework.throttling import UserRateThrottle


class EditorThrottle(UserRateThrottle):
    """For what an editor asks at every pause of the typing."""

    scope = "editor"
