"""Netgsm's REST API, version 2. It carries messages to Turkish numbers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from apps.notifications.channels.base import Refused, Result, Sent, Unclear
from apps.notifications.channels.sms.segments import BASIC, EXTENDED
from apps.notifications.channels.wire import Wire

TURKEY = "+90"
CLOCK = ZoneInfo("Europe/Istanbul")
TURKISH = frozenset("ğĞıİşŞçÇöÖüÜ")

TAKEN = ("00", "01", "02")
MEANING = {
    "20": "the text is too long or cannot be sent",
    "30": "user name, password or address of this server are not accepted",
    "40": "the sender name is not registered",
    "50": "the account cannot send what IYS controls",
    "51": "the account has no IYS brand",
    "70": "a field is wrong or missing",
    "80": "the limit of messages is reached",
    "85": "too many messages to this number within a minute",
}
LATER = ("80", "85")
NO_RECORDS = "60"
PAGE, MOST_PAGES = 100, 50
NOT_SENT = (2, 3, 4, 11, 12, 13, 14, 15, 16, 17)  # states of a report that mean: it did not go out


async def send(number: str, text: str, key: str, wire: Wire) -> Result:
    if not number.startswith(TURKEY):
        return Refused(gettext("Netgsm carries messages to Turkish numbers only"), elsewhere=True)
    body: dict[str, Any] = {
        "msgheader": settings.NETGSM_HEADER,
        "messages": [{"msg": text, "no": number.removeprefix(TURKEY)}],
        "iysfilter": "0",  # tells a person what they asked for: no advertising
        "referansID": key,
    }
    if encoding := _encoding(text):
        body["encoding"] = encoding
    response = await _post(wire, "send", body)
    answer = _json(response)
    code = str(answer.get("code", ""))
    if code in TAKEN and answer.get("jobid"):
        return Sent(str(answer["jobid"]), http_status=response.status_code)
    if response.status_code >= 500:
        return Refused(
            gettext("Netgsm answered {status_code}").format(status_code=response.status_code),
            fault=True,
            http_status=response.status_code,
        )
    if response.status_code < 300 and code not in MEANING:
        return Unclear(
            gettext("Netgsm answered without a job: code {value}").format(value=code or "missing"),
            response.status_code,
        )
    words = MEANING.get(code) or str(answer.get("description", ""))
    return Refused(
        gettext("Netgsm answered {status_code}, code {code}: {words}").format(
            status_code=response.status_code, code=code, words=words
        )[:300],
        elsewhere=code not in LATER,
        http_status=response.status_code,
    )


async def look_up(number: str, tag: str, key: str, since: datetime, wire: Wire) -> Sent | None:
    """The job that was given our key, among those since then."""
    if not number.startswith(TURKEY):
        return None
    span = {
        "startdate": _clock(since - timedelta(minutes=5)),
        "stopdate": _clock(timezone.now() + timedelta(minutes=5)),
    }
    for page in range(MOST_PAGES):
        response = await _post(wire, "report", {**span, "pagenumber": page, "pagesize": PAGE})
        answer = _json(response)
        code = str(answer.get("code", ""))
        if code not in ("00", NO_RECORDS):
            raise httpx.ReadError(
                gettext("Netgsm's report answered {status_code}, code {code}").format(
                    status_code=response.status_code, code=code
                )
            )
        jobs = answer.get("jobs") or []
        for job in jobs:
            if job.get("referansID") == key and job.get("status") not in NOT_SENT:
                return Sent(str(job["jobid"]), http_status=response.status_code)
        if len(jobs) < PAGE:
            return None
    raise httpx.ReadError(gettext("Netgsm's report is too long to be searched"))


async def _post(wire: Wire, method: str, body: dict[str, Any]) -> httpx.Response:
    return await wire.http.post(
        f"{settings.NETGSM_API_URL}/sms/rest/v2/{method}",
        json=body,
        auth=(settings.NETGSM_USERCODE, settings.NETGSM_PASSWORD),
    )


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _encoding(text: str) -> str:
    """Empty for the 7-bit alphabet, TR for it with Turkish letters, else UNICODE."""
    other = {character for character in text if character not in BASIC and character not in EXTENDED}
    if not other:
        return ""
    return "TR" if other <= TURKISH else "UNICODE"


def _clock(moment: datetime) -> str:
    return moment.astimezone(CLOCK).strftime("%d.%m.%Y %H:%M:%S")
