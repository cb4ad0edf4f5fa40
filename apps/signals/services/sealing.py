"""Chaining signals, workspace by workspace, and signing each day's end. Nobody who stores a signal waits for it."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import UTC, datetime, time, timedelta

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django.db.models import Max, Min
from django.db.models.functions import TruncDate
from django.utils import timezone

from apps.signals.chain_rules import (
    day_line,
    link_hash,
    link_line,
    record_fields,
    record_hash,
    root_hash,
    salt_of,
    signed_text,
)
from apps.signals.models import Signal, SignalChain, SignalDay, SignalLink

log = structlog.get_logger(__name__)

SEAL_LOCK = 0x5349474E  # advisory lock: one sealer at a time
ROUND = 2_000
RECORDED = (
    "uuid",
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


def seal_signals() -> int:
    """Give every signal without a link the next one of its workspace. Returns how many; another sealer at work: 0.

    A signal that somebody else has locked is left for the next round. The heads go into the log: noted elsewhere, they
    prove later that the end of a chain was not rewritten.
    """
    made = 0
    while True:
        count = _seal_round()
        made += count
        if count < ROUND:
            return made


@transaction.atomic
def _seal_round() -> int:
    if not _alone():
        return 0
    signals = list(
        Signal.objects.filter(is_sealed=False)
        .select_related("source")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .order_by("id")[:ROUND]
    )
    by_workspace: dict[int, list[Signal]] = defaultdict(list)
    for signal in signals:
        by_workspace[signal.workspace_id].append(signal)
    now = timezone.now()
    links: list[SignalLink] = []
    heads = []
    for workspace_id, unsealed in by_workspace.items():
        chain = chain_for(workspace_id)
        last = chain.links.order_by("-number").first()
        number, previous = (last.number, last.link_hash) if last else (0, str(chain.uuid))
        sealed_at = _not_before(chain, last, now)
        secret = chain.salt.reveal()  # type: ignore[attr-defined]
        for signal in unsealed:
            number += 1
            record = record_hash(fields_of_signal(signal, secret))
            line = link_line(number, signal.uuid, signal.received_at, sealed_at, record)
            previous = link_hash(previous, line)
            links.append(
                SignalLink(
                    chain=chain,
                    number=number,
                    signal_uuid=signal.uuid,
                    received_at=signal.received_at,
                    sealed_at=sealed_at,
                    record_hash=record,
                    link_hash=previous,
                )
            )
        heads.append([str(chain.uuid), number, previous])
    SignalLink.objects.bulk_create(links)
    Signal.objects.filter(pk__in=[signal.pk for signal in signals]).update(is_sealed=True)
    if heads:
        log.info("signals_sealed", signals=len(signals), heads=heads)
    return len(signals)


def _not_before(chain: SignalChain, last: SignalLink | None, now: datetime) -> datetime:
    """`now`, but after the links there are and the days that are signed, should two workers' clocks differ."""
    signed = chain.days.order_by("-day").first()
    midnight = datetime.combine(signed.day + timedelta(days=1), time(), tzinfo=UTC) if signed else now
    return max(now, midnight, last.sealed_at if last else now)


def chain_for(workspace_id: int) -> SignalChain:
    """The workspace's chain; its key is made with it."""
    chain = SignalChain.objects.filter(workspace_id=workspace_id).first()
    if chain is not None:
        return chain
    key = Ed25519PrivateKey.generate()
    chain, _ = SignalChain.objects.get_or_create(
        workspace_id=workspace_id,
        defaults={
            "public_key": key.public_key().public_bytes_raw().hex(),
            "seed": key.private_bytes_raw().hex(),
            "salt": secrets.token_hex(32),
        },
    )
    return chain


def fields_of_signal(signal: Signal, secret: str) -> dict[str, object]:
    """What its record says; `secret` is the chain's salt."""
    values = {name: getattr(signal, name) for name in RECORDED} | {"source": signal.source.uuid}
    return record_fields(values, salt_of(secret, signal.uuid))


@transaction.atomic
def sign_days(*, now: datetime | None = None) -> list[SignalDay]:
    """The root of every day (UTC) that is over and has links without one, signed with the chain's key."""
    if not _alone():
        return []
    now = now or timezone.now()
    midnight = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    signed = dict(SignalDay.objects.values_list("chain").annotate(last=Max("last_number")))
    latest = dict(
        SignalLink.objects.filter(sealed_at__lt=midnight).values_list("chain").annotate(last=Max("number"))
    )
    made: list[SignalDay] = []
    behind = [key for key, last in latest.items() if last > signed.get(key, 0)]
    for chain in SignalChain.objects.filter(pk__in=behind).order_by("pk"):
        before = chain.days.order_by("-day").first()
        previous = before.root_hash if before else str(chain.uuid)
        seed = chain.seed.reveal()  # type: ignore[attr-defined]
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        days = (
            chain.links.filter(number__gt=signed.get(chain.pk, 0), sealed_at__lt=midnight)
            .annotate(day=TruncDate("sealed_at", tzinfo=UTC))
            .values("day")
            .annotate(first=Min("number"), last=Max("number"))
            .order_by("day")
        )
        for day in days:
            head = chain.links.get(number=day["last"]).link_hash
            line = day_line(day["day"], day["first"], day["last"], head)
            previous = root_hash(previous, line)
            made.append(
                SignalDay(
                    chain=chain,
                    day=day["day"],
                    first_number=day["first"],
                    last_number=day["last"],
                    head=head,
                    root_hash=previous,
                    signature=key.sign(signed_text(chain.uuid, previous)).hex(),
                    signed_at=now,
                )
            )
    SignalDay.objects.bulk_create(made)
    if made:
        log.info("signal_days_signed", roots=[[str(d.chain.uuid), str(d.day), d.root_hash] for d in made])
    return made


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        return bool(cursor.fetchone()[0])
