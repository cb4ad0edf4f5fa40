"""What errors of mail services mean. Anymail speaks their APIs through `requests`."""

from __future__ import annotations

import requests
from anymail.exceptions import (
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from urllib3.exceptions import NewConnectionError

from apps.notifications.channels.base import Refused, Unclear
from apps.notifications.channels.wire import seconds_of

TO_MAIN = (401, 403)  # our key is not good: nothing that a retry could mend


def refusal_of(error: AnymailError) -> Refused | Unclear:
    """Whether the mail was certainly not sent, and what may follow. Holds nothing of the request, which has our key."""
    if isinstance(error, AnymailRecipientsRefused):
        return Refused("the service refuses this recipient, as after a bounce", permanent=True, gone=True)
    if isinstance(error, AnymailInvalidAddress):
        return Refused("this is no address that mail can be sent to", permanent=True)
    if not isinstance(error, AnymailRequestsAPIError):
        return Refused(f"the service cannot send this mail: {type(error).__name__}", elsewhere=True)
    answer = error.response
    if answer is None:
        return _without_answer(error.__cause__)
    words = f"answered {answer.status_code}: {' '.join(answer.text.split())}"[:300]
    status = answer.status_code
    if 200 <= status < 300:
        return Unclear(f"an answer that makes no sense: {words}"[:300], http_status=status)
    if status == 429:
        wait_s = seconds_of(answer.headers.get("Retry-After", ""))
        return Refused(words, retry_after_s=wait_s, slow_down=not wait_s, http_status=status)
    is_fault = status >= 500 or status in TO_MAIN
    return Refused(words, fault=is_fault, elsewhere=status < 500, http_status=status)


def _without_answer(cause: BaseException | None) -> Refused | Unclear:
    words = type(cause).__name__ if cause else "no answer"
    if isinstance(cause, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return Refused(words, fault=True)
    reason = getattr(cause.args[0], "reason", None) if cause and cause.args else None
    if isinstance(reason, NewConnectionError):
        return Refused("no connection to the service", fault=True)
    return Unclear(words)
