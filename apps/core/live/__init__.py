"""Live updates: JSON events of a group, told once and in order to every browser that watches it.

Each event is kept in a stream of Redis for a while (`sending`), is handed to the lines of each web process as it is
written (`hearing`), and a line that was lost takes up its groups where it left them (`lines`).
"""

from apps.core.live.lines import (
    COME_AGAIN,
    FORBIDDEN,
    LOGIN_KEY,
    NOT_FOUND,
    UNAUTHENTICATED,
    LiveConsumer,
    PageConsumer,
)
from apps.core.live.sending import (
    close_sockets,
    login_group,
    person_group,
    push,
    push_all,
    push_all_on_commit,
    push_on_commit,
    push_or_fail,
    recheck_on_commit,
    reconnect_on_commit,
)

__all__ = [
    "COME_AGAIN",
    "FORBIDDEN",
    "LOGIN_KEY",
    "NOT_FOUND",
    "UNAUTHENTICATED",
    "LiveConsumer",
    "PageConsumer",
    "close_sockets",
    "login_group",
    "person_group",
    "push",
    "push_all",
    "push_all_on_commit",
    "push_on_commit",
    "push_or_fail",
    "recheck_on_commit",
    "reconnect_on_commit",
]
