"""The intake's SQL and the rows it writes. Also used by Django's side to store a test alert the same way."""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.signals.choices import AlertStatus
from apps.signals.errors import AlertRefused
from apps.signals.rules import dedupe_key, key_of_id, read_alert, rejected_key
from apps.signals.text_templates import Line

DELIVERY_ID = "delivery-id"  # among the kept headers of a refused alert


class AlertRow(NamedTuple):
    """One request, ready to be stored."""

    uuid: uuid.UUID
    source_id: int
    dedupe_key: str
    previous_key: str | None
    received_at: datetime
    body: bytes
    headers: dict[str, str]
    remote_ip: str | None
    is_test: bool
    status: str
    problem: dict[str, Any] | None


class Stored(NamedTuple):
    """Which alert a request became: its own row, or the earlier one it repeats."""

    uuid: uuid.UUID
    duplicate: bool


def alert_row(
    source_id: int,
    body: bytes,
    *,
    received_at: datetime,
    headers: dict[str, str],
    remote_ip: str | None,
    is_test: bool = False,
    template: Sequence[Line] = (),
    delivery_id: str = "",
) -> tuple[AlertRow, AlertRefused | None]:
    """The row for a request, and the refusal to answer with once the row is stored (None: 202)."""
    refusal = None
    try:
        content = read_alert(body, received_at=received_at, template=template)
        key = dedupe_key(content, received_at=received_at, delivery_id=delivery_id)
    except AlertRefused as error:
        refusal = error
        key = rejected_key(body)
        if delivery_id:  # a replay that can read the body takes the key which the delivery would have had
            headers = headers | {DELIVERY_ID: delivery_id}
    row = AlertRow(
        uuid=uuid.uuid4(),
        source_id=source_id,
        dedupe_key=key.key,
        previous_key=key.previous,
        received_at=received_at,
        body=body,
        headers=headers,
        remote_ip=remote_ip,
        is_test=is_test,
        status=AlertStatus.REJECTED.value if refusal else AlertStatus.RECEIVED.value,
        problem=refusal.problem() if refusal else None,
    )
    return row, refusal


def own_row(source_id: int, alert_id: str, body: bytes, *, received_at: datetime) -> AlertRow:
    """The row for an alert that we write ourselves: it needs no reading to know its id. The job reads it like any."""
    return AlertRow(
        uuid=uuid.uuid4(),
        source_id=source_id,
        dedupe_key=key_of_id(alert_id),
        previous_key=None,
        received_at=received_at,
        body=body,
        headers={},
        remote_ip=None,
        is_test=False,
        status=AlertStatus.RECEIVED.value,
        problem=None,
    )


# Rows go in ordered by key, so that two processes with the same alerts wait for one another and never deadlock.
# Answers with those that were left out, as a rule none.
INSERT_ALERTS = """
WITH incoming AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%s::json) AS sent (
        uuid uuid, source_id bigint, dedupe_key text, previous_key text, received_at timestamptz, body text,
        headers jsonb, remote_ip inet, is_test boolean, status text, problem jsonb
    )
), new AS (
    INSERT INTO signals_alert
        (uuid, source_id, dedupe_key, received_at, body, headers, remote_ip, is_test, status, problem)
    SELECT uuid, source_id, dedupe_key, received_at, decode(body, 'base64'), headers, remote_ip, is_test, status,
           problem
    FROM incoming
    WHERE previous_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM signals_alert AS earlier
        WHERE earlier.source_id = incoming.source_id AND earlier.dedupe_key = incoming.previous_key
          AND earlier.received_at > incoming.received_at - interval '60 seconds'
    )
    ORDER BY source_id, dedupe_key
    ON CONFLICT (source_id, dedupe_key) DO NOTHING
    RETURNING uuid
)
SELECT uuid FROM incoming EXCEPT SELECT uuid FROM new
"""

# For requests that INSERT_ALERTS left out: find the alert each repeats and log the repeat beside it.
# A row found under its own uuid was written by an attempt whose answer got lost: no repeat.
INSERT_REPEATS = """
WITH repeated AS (
    SELECT incoming.uuid, incoming.received_at, incoming.remote_ip, original.id AS original_id,
           original.uuid AS original_uuid, original.body = decode(incoming.body, 'base64') AS same_body
    FROM json_to_recordset(%s::json) AS incoming (
        uuid uuid, source_id bigint, dedupe_key text, previous_key text, received_at timestamptz, body text,
        remote_ip inet
    )
    CROSS JOIN LATERAL (
        SELECT id, uuid, body FROM signals_alert AS earlier
        WHERE earlier.source_id = incoming.source_id
          AND (earlier.dedupe_key = incoming.dedupe_key OR earlier.dedupe_key = incoming.previous_key)
        ORDER BY id DESC LIMIT 1
    ) AS original
), logged AS (
    INSERT INTO signals_alertrepeat (alert_id, received_at, remote_ip, same_body)
    SELECT original_id, received_at, remote_ip, same_body FROM repeated WHERE uuid <> original_uuid
)
SELECT uuid, original_uuid FROM repeated
"""

SELECT_SOURCES = """
SELECT id, kind, token_hash, previous_token_hash, previous_token_expires_at, is_active, alerts_per_minute,
       allowed_networks, passphrase, signing_keys, template
FROM signals_alertsource
WHERE token_hash = ANY(%(hashes)s) OR previous_token_hash = ANY(%(hashes)s)
"""

COUNT_SECURITY_EVENTS = """
INSERT INTO signals_securityevent (source_id, kind, remote_ip, minute, count)
SELECT source_id, kind, remote_ip::inet, minute, count
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::integer[])
    AS incoming (source_id, kind, remote_ip, minute, count)
ORDER BY kind, source_id, remote_ip
ON CONFLICT (kind, source_id, remote_ip, minute)
DO UPDATE SET count = signals_securityevent.count + EXCLUDED.count
"""


def batch_of(rows: Sequence[AlertRow]) -> str:
    """The one parameter of `INSERT_ALERTS` and `INSERT_REPEATS`.

    As JSON, since psycopg takes seven times as long for eleven arrays: 30 instead of 4 µs a row.
    """
    return json.dumps(
        [
            {
                "uuid": str(row.uuid),
                "source_id": row.source_id,
                "dedupe_key": row.dedupe_key,
                "previous_key": row.previous_key,
                "received_at": row.received_at.isoformat(),
                "body": b64encode(row.body).decode("ascii"),
                "headers": row.headers,
                "remote_ip": row.remote_ip,
                "is_test": row.is_test,
                "status": row.status,
                "problem": row.problem,
            }
            for row in rows
        ]
    )
