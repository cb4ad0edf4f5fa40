"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a POST sent twice is carried out once.

The key's row is inserted in the transaction of the change itself. So a process that dies leaves neither, and a second
request with the key waits at the unique index until the first has ended: then it finds the answer, or, when the first
was refused or died, does the work itself. Refusals are not kept; they changed nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.rendering import json_bytes
from apps.core.errors import DomainError
from apps.core.models import IdempotentRequest

KEPT_FOR = timedelta(hours=24)
_KEY = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]{1,255})"?')
_KEPT_HEADERS = ("Location",)


class InvalidIdempotencyKey(DomainError):
    code = "invalid_idempotency_key"
    title = "This is no idempotency key"


class IdempotencyKeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    title = "This key was used for another request"


def idempotency_key(request: Request) -> str | None:
    """The request's key; None without one. Raises InvalidIdempotencyKey.

    The draft writes it as a string in quotes; without quotes it is the same key.
    """
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return None
    found = _KEY.fullmatch(given.strip())
    if found is None:
        raise InvalidIdempotencyKey(
            "Idempotency-Key takes 1 to 255 printable ASCII characters without spaces, for example a UUID."
        )
    return found[1]


def carry_out_once(
    request: Request, key: str, caller: str, work: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """`work()`, or the answer it gave when this caller sent the same request under the same key.

    Call inside a transaction that is rolled back when `work` raises or refuses. Raises IdempotencyKeyReused.
    """
    fingerprint = fingerprint_of(request)
    row = _reserve(caller, key, fingerprint)
    if row is None:
        kept = IdempotentRequest.objects.get(caller=caller, key=key)
        if kept.fingerprint != fingerprint:
            raise IdempotencyKeyReused(
                "This Idempotency-Key was used for another request (method, path or body differ) in the last 24 hours. "
                "Make a new key for each thing you want done."
            )
        return _replayed(kept)
    answer = work()
    if answer.status_code < 400:
        IdempotentRequest.objects.filter(pk=row).update(answer=_written(answer))
    return answer


def fingerprint_of(request: Request) -> str:
    """A hash of method, path with query, and body. A form is taken by its values: its boundary changes every time."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data = request.data
    if isinstance(data, QueryDict):
        for part in _form_parts(data):
            digest.update(part)
    else:
        digest.update(json.dumps(data, sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def _form_parts(data: QueryDict) -> Iterator[bytes]:
    for name in sorted(data):
        for value in data.getlist(name):
            if isinstance(value, UploadedFile):
                content = hashlib.sha256()
                for chunk in value.chunks():
                    content.update(chunk)
                value.seek(0)
                yield repr((name, value.name, content.hexdigest())).encode()
            else:
                yield repr((name, value)).encode()


def _reserve(caller: str, key: str, fingerprint: str) -> int | None:
    """Insert the key's row, waiting for whoever is inserting it; None when it stands already.

    A row past its time that the daily purge has not reached counts as none.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_idempotentrequest AS kept (caller, key, fingerprint, answer, created_at)
            VALUES (%s, %s, %s, '', %s)
            ON CONFLICT (caller, key) DO UPDATE
                SET fingerprint = EXCLUDED.fingerprint, answer = '', created_at = EXCLUDED.created_at
                WHERE kept.created_at < %s
            RETURNING id
            """,
            [caller, key, fingerprint, now, now - KEPT_FOR],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _written(answer: HttpResponseBase) -> str:
    if isinstance(answer, Response):  # not rendered yet; a 204 has nothing to render
        body = json_bytes(answer.data) if answer.data is not None else b""
    else:
        body = getattr(answer, "content", b"")
    kept: dict[str, Any] = {
        "status": answer.status_code,
        "headers": {name: answer[name] for name in _KEPT_HEADERS if name in answer},
        "body": body.decode(),
    }
    return json.dumps(kept)


def _replayed(row: IdempotentRequest) -> HttpResponse:
    kept = json.loads(row.answer.reveal())
    answer = HttpResponse(kept["body"].encode(), status=kept["status"], content_type="application/json")
    if not kept["body"]:
        del answer["Content-Type"]
    for name, value in kept["headers"].items():
        answer[name] = value
    answer["Idempotency-Replayed"] = "true"
    return answer
