"""Apprise itself: the service of an address, and what became of a message that it was given.

In a module of its own, since loading Apprise takes half a second, which only who sends should pay.
"""

from __future__ import annotations

import sys

import requests
from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode
from django.utils.translation import gettext
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from apps.notifications.channels.apprise.guarded_requests import GuardedRequests, seen
from apps.notifications.channels.apprise.services import INNER, SERVICES, words_of
from apps.notifications.channels.base import Refused, Result, Sent, Unclear
from apps.notifications.channels.guard import Forbidden, is_inner
from apps.notifications.channels.wire import seconds_of
from apps.notifications.choices import Urgency
from apps.notifications.errors import BadTarget

TYPES = {
    Urgency.LOW: NotifyType.INFO,
    Urgency.NORMAL: NotifyType.INFO,
    Urgency.HIGH: NotifyType.WARNING,
    Urgency.CRITICAL: NotifyType.FAILURE,
}
NOT_SENT = (ConnectTimeoutError, NameResolutionError, NewConnectionError)
GUARDED = GuardedRequests()


def hand_over(target: str, title: str, body: str, urgency: int) -> Result:
    """Apprise says only yes or no; why, the guarded requests have seen."""
    try:
        service = service_of(target)
    except BadTarget as error:
        return Refused(str(error), permanent=True)
    seen.response = seen.error = None
    ok = service.notify(
        title=title, body=body, notify_type=TYPES[Urgency(urgency)], body_format=NotifyFormat.TEXT
    )
    return _result(bool(ok), words_of(target))


def service_of(target: str) -> NotifyBase:
    """The service of an address, with our requests in the place of its own. Raises BadTarget."""
    scheme = target.partition("://")[0].lower()
    if scheme not in SERVICES and scheme not in INNER:
        names = ", ".join(f"{words} ({name}://)" for name, words in SERVICES.items())
        raise BadTarget(gettext("These services can be used: {names}.").format(names=names), field="target")
    if "?" in target:  # some name files of this machine (`template=`), others switch checks off (`verify=`)
        raise BadTarget(gettext("Leave out what follows the ?: options are not taken."), field="target")
    asset = AppriseAsset(
        app_id="Candlewright",
        app_desc="Candlewright",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    try:
        service = Library.instantiate(target, asset=asset, suppress_exceptions=False)
    except Exception:  # each service complains in a way of its own
        service = None
    words = words_of(target)
    if not isinstance(service, NotifyBase):
        raise BadTarget(
            gettext("This is no complete address for {words}; see appriseit.com/services.").format(
                words=words
            ),
            field="target",
        )
    if scheme in INNER and not is_inner(str(service.host or "")):
        raise BadTarget(
            gettext("Begin the address with {inner}:// so that it is encrypted.").format(inner=INNER[scheme]),
            field="target",
        )
    sys.modules[type(service).__module__].requests = GUARDED  # type: ignore[attr-defined]
    return service


def _result(ok: bool, words: str) -> Result:
    response, error = seen.response, seen.error
    if ok and response is not None:
        return Sent(http_status=response.status_code)
    if response is not None:
        status = response.status_code
        wait_s = seconds_of(response.headers.get("Retry-After", ""))
        return Refused(
            gettext("{words} answered {status}").format(words=words, status=status),
            permanent=status < 500 and status != 429,
            gone=status == 410,
            fault=status >= 500,
            retry_after_s=wait_s,
            http_status=status,
        )
    if isinstance(error, Forbidden):
        return Refused(str(error)[:300], permanent=True)
    if error is not None:
        reason = _root(error)
        if isinstance(reason, NOT_SENT):
            return Refused(
                gettext("{words} could not be reached: {name}").format(
                    words=words, name=type(reason).__name__
                ),
                fault=True,
            )
        return Unclear(
            gettext("{words} gave no answer: {name}").format(words=words, name=type(reason).__name__)
        )
    return Refused(gettext("{words} cannot take this message").format(words=words), permanent=True)


def _root(error: Exception) -> Exception:
    """What urllib3 said, out of what requests made of it."""
    if isinstance(error, requests.RequestException) and error.args and isinstance(error.args[0], Exception):
        inner = error.args[0]
        reason = getattr(inner, "reason", None)
        return reason if isinstance(reason, Exception) else inner
    return error
