"""The intake's SQL and the rows it writes. Also used by Django's side to store a test alert the same way."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from apps.signals.choices import AlertStatus
from apps.signals.errors import AlertRefused
from apps.signals.rules import dedupe_key, read_alert, rejected_key
from apps.signals.text_templates import Line

DELIVERY_ID = "delivery-id"  # among the kept headers of a refused alert


@dataclass(frozen=True, slots=True)
class AlertRow:
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


@dataclass(frozen=True, slots=True)
class Stored:
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


# Rows go in ordered by key, so that two processes with the same alerts wait for one another and never deadlock.
INSERT_ALERTS = """
INSERT INTO signals_alert
    (uuid, source_id, dedupe_key, received_at, body, headers, remote_ip, is_test, status, problem)
SELECT uuid, source_id, dedupe_key, received_at, body, headers, remote_ip::inet, is_test, status, problem
FROM unnest(
    %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::bytea[],
    %s::jsonb[], %s::text[], %s::boolean[], %s::text[], %s::jsonb[]
) AS incoming
    (uuid, source_id, dedupe_key, previous_key, received_at, body, headers, remote_ip, is_test, status, problem)
WHERE previous_key IS NULL OR NOT EXISTS (
    SELECT 1 FROM signals_alert AS earlier
    WHERE earlier.source_id = incoming.source_id AND earlier.dedupe_key = incoming.previous_key
      AND earlier.received_at > incoming.received_at - interval '60 seconds'
)
ORDER BY source_id, dedupe_key
ON CONFLICT (source_id, dedupe_key) DO NOTHING
RETURNING uuid
"""

# For requests that INSERT_ALERTS left out: find the alert each repeats and log the repeat beside it.
# A row found under its own uuid was written by an attempt whose answer got lost: no repeat.
INSERT_REPEATS = """
WITH repeated AS (
    SELECT incoming.uuid, incoming.received_at, incoming.remote_ip, original.id AS original_id,
           original.uuid AS original_uuid, original.body = incoming.body AS same_body
    FROM unnest(
        %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::bytea[], %s::text[]
    ) AS incoming (uuid, source_id, dedupe_key, previous_key, received_at, body, remote_ip)
    CROSS JOIN LATERAL (
        SELECT id, uuid, body FROM signals_alert AS earlier
        WHERE earlier.source_id = incoming.source_id
          AND (earlier.dedupe_key = incoming.dedupe_key OR earlier.dedupe_key = incoming.previous_key)
        ORDER BY id DESC LIMIT 1
    ) AS original
), logged AS (
    INSERT INTO signals_alertrepeat (alert_id, received_at, remote_ip, same_body)
    SELECT original_id, received_at, remote_ip::inet, same_body FROM repeated WHERE uuid <> original_uuid
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


def insert_parameters(rows: Sequence[AlertRow]) -> list[list[Any]]:
    """One array per column, for `INSERT_ALERTS`."""
    return [
        [row.uuid for row in rows],
        [row.source_id for row in rows],
        [row.dedupe_key for row in rows],
        [row.previous_key for row in rows],
        [row.received_at for row in rows],
        [row.body for row in rows],
        [Jsonb(row.headers) for row in rows],
        [row.remote_ip for row in rows],
        [row.is_test for row in rows],
        [row.status for row in rows],
        [None if row.problem is None else Jsonb(row.problem) for row in rows],
    ]


def repeat_parameters(rows: Sequence[AlertRow]) -> list[list[Any]]:
    """One array per column, for `INSERT_REPEATS`."""
    return [
        [row.uuid for row in rows],
        [row.source_id for row in rows],
        [row.dedupe_key for row in rows],
        [row.previous_key for row in rows],
        [row.received_at for row in rows],
        [row.body for row in rows],
        [row.remote_ip for row in rows],
    ]
