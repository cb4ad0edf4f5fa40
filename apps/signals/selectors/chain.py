"""Reads of the record: links and days, for its workspace and for everybody."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.signals.chain_rules import day_line, link_line, record_fields, salt_of
from apps.signals.models import Signal, SignalChain, SignalDay, SignalLink

BATCH = 2_000
VALUES = (
    "uuid",
    "source__uuid",
    "symbol",
    "exchange",
    "timeframe",
    "action",
    "price",
    "bar_time",
    "emitted_at",
    "received_at",
    "strategy",
    "seq",
    "is_test",
    "payload",
)


def chain_of(workspace: Workspace) -> SignalChain | None:
    return SignalChain.objects.filter(workspace=workspace).first()


def public_chain(slug: str) -> SignalChain | None:
    """Of a public page, while its workspace is there."""
    return SignalChain.objects.filter(slug=slug).select_related("workspace").first()


def last_link(chain: SignalChain) -> SignalLink | None:
    return chain.links.order_by("-number").first()


def days_of(chain: SignalChain, *, most: int | None = None) -> list[SignalDay]:
    """Newest first."""
    days = chain.days.select_related("chain").order_by("-day")
    return list(days if most is None else days[:most])


def link_of(signal: Signal) -> SignalLink | None:
    return SignalLink.objects.filter(signal_uuid=signal.uuid).select_related("chain").first()


def day_of_link(link: SignalLink) -> SignalDay | None:
    """The signed day it belongs to; None while that is not over."""
    return SignalDay.objects.filter(
        chain=link.chain, first_number__lte=link.number, last_number__gte=link.number
    ).first()


def line_of(link: SignalLink, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    """A link as `verify_signals.py` reads it, with the signal's fields where they are told."""
    line = link_line(link.number, link.signal_uuid, link.received_at, link.sealed_at, link.record_hash)
    line["link"] = link.link_hash
    if fields is not None:
        line["fields"] = fields
    return line


def told_fields(chain: SignalChain, signals: list[Any]) -> dict[Any, dict[str, Any]]:
    """By uuid what the records of these signals say, of those still kept."""
    secret = chain.salt.reveal()  # type: ignore[attr-defined]
    rows = Signal.objects.filter(uuid__in=signals, workspace_id=chain.workspace_id).values(*VALUES)
    return {
        row["uuid"]: record_fields({**row, "source": row["source__uuid"]}, salt_of(secret, row["uuid"]))
        for row in rows
    }


def chain_lines(chain: SignalChain, *, now: datetime | None = None) -> Iterator[str]:
    """The whole chain as JSON lines, oldest first; contents only of signals that are old enough to be told."""
    told_before = None
    if chain.reveal_after_h is not None:
        told_before = (now or timezone.now()) - timedelta(hours=chain.reveal_after_h)
    last = 0
    while links := list(chain.links.filter(number__gt=last).order_by("number")[:BATCH]):
        fields: dict[Any, dict[str, Any]] = {}
        if told_before is not None:
            fields = told_fields(
                chain, [link.signal_uuid for link in links if link.received_at <= told_before]
            )
        lines = (line_of(link, fields.get(link.signal_uuid)) for link in links)
        yield "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        last = links[-1].number


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the file of a chain depends on: `tag` changes with its bytes, `changed_at` is when it last did."""

    tag: str
    changed_at: datetime | None


def chain_state(chain: SignalChain, *, now: datetime | None = None) -> ChainState:
    """Of the file that `chain_lines` would give now, without reading it."""
    last = last_link(chain)
    moments = [chain.updated_at, last and last.sealed_at, chain.dropped_until]
    told = 0
    if chain.reveal_after_h is not None:
        wait = timedelta(hours=chain.reveal_after_h)
        of_links = chain.links.filter(received_at__lte=(now or timezone.now()) - wait)
        found = of_links.aggregate(told=Count("id"), newest=Max("received_at"))
        told = found["told"]
        moments.append(found["newest"] and found["newest"] + wait)
    parts = [chain.uuid, last.link_hash if last else "", chain.reveal_after_h, told, chain.dropped_until]
    tag = hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()[:32]
    return ChainState(tag, max((moment for moment in moments if moment), default=None))


def days_document(chain: SignalChain | None) -> dict[str, Any]:
    """The chain's id, key and days, oldest first, as `verify_signals.py` reads them; None: before the first signal."""
    if chain is None:
        return {"chain": None, "public_key": "", "days": []}
    days = [
        {
            **day_line(day.day, day.first_number, day.last_number, day.head),
            "root": day.root_hash,
            "signature": day.signature,
        }
        for day in chain.days.order_by("day")
    ]
    return {"chain": str(chain.uuid), "public_key": chain.public_key, "days": days}
