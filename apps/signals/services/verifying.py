"""Recomputing a chain from what is stored: every link, every day, and every signal that is still kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db.models import Exists, OuterRef
from django.utils import timezone

from apps.signals.chain_rules import day_line, link_hash, link_line, record_hash, root_hash, signed_text
from apps.signals.models import Signal, SignalChain, SignalDay, SignalLink
from apps.signals.services.sealing import fields_of_signal

BATCH = 2_000
MOST_FAULTS = 100


@dataclass
class ChainFindings:
    """What a verification saw. `faults` name each link, day or signal; empty: the record is whole."""

    links: int = 0
    kept: int = 0
    dropped: int = 0
    unsealed: int = 0
    days: int = 0
    slowest: timedelta = timedelta()
    head: str = ""
    faults: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(text)


def verify_chain(chain: SignalChain) -> ChainFindings:
    """Recompute the whole chain and keep what was found on it."""
    found = ChainFindings(head=str(chain.uuid))
    hashes = _links(chain, found)
    _days(chain, found, hashes)
    _without_link(chain, found)
    SignalChain.objects.filter(pk=chain.pk).update(verified_at=timezone.now(), faults=found.faults)
    return found


def _links(chain: SignalChain, found: ChainFindings) -> dict[int, str]:
    """Check links in order; returns the hashes at which days may end."""
    ends = set(chain.days.values_list("last_number", flat=True))
    hashes: dict[int, str] = {}
    secret = chain.salt.reveal()  # type: ignore[attr-defined]
    number, previous = 0, str(chain.uuid)
    for links in _batches(chain):
        signals = {
            signal.uuid: signal
            for signal in Signal.objects.filter(uuid__in=[link.signal_uuid for link in links]).select_related(
                "source"
            )
        }
        for link in links:
            number += 1
            name = f"link {link.number} (signal {link.signal_uuid}, received {link.received_at:%Y-%m-%d %H:%M:%S})"
            line = link_line(
                link.number, link.signal_uuid, link.received_at, link.sealed_at, link.record_hash
            )
            if link.number != number:
                missing = (
                    f"link {number}" if link.number == number + 1 else f"links {number} to {link.number - 1}"
                )
                found.fault(f"{missing} removed before {name}")
                number = link.number
            elif link_hash(previous, line) != link.link_hash:
                found.fault(
                    f"{name} was edited, moved or inserted: it does not follow from the one before it"
                )
            previous = link.link_hash
            found.links += 1
            found.slowest = max(found.slowest, link.sealed_at - link.received_at)
            if number in ends:
                hashes[number] = previous
            _record(chain, link, signals.get(link.signal_uuid), secret, found)
    found.head = previous
    return hashes


def _batches(chain: SignalChain) -> Iterator[list[SignalLink]]:
    """The links in order of their numbers, a few thousand at a time."""
    last = 0
    while links := list(chain.links.filter(number__gt=last).order_by("number")[:BATCH]):
        yield links
        last = links[-1].number


def _record(
    chain: SignalChain, link: SignalLink, signal: Signal | None, secret: str, found: ChainFindings
) -> None:
    if signal is None or signal.workspace_id != chain.workspace_id:
        if signal is None and chain.dropped_until and link.received_at <= chain.dropped_until:
            found.dropped += 1
        else:
            gone = "was removed" if signal is None else "was moved to another workspace"
            found.fault(f"signal {link.signal_uuid} of link {link.number} {gone}")
        return
    found.kept += 1
    if record_hash(fields_of_signal(signal, secret)) != link.record_hash:
        found.fault(
            f"signal {signal.uuid} of link {link.number} ({signal.action} {signal.symbol}) was edited after"
            f" {link.sealed_at:%Y-%m-%d %H:%M:%S}"
        )


def _days(chain: SignalChain, found: ChainFindings, hashes: dict[int, str]) -> None:
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(chain.public_key))
    previous, last = str(chain.uuid), 0
    for day in chain.days.order_by("day"):
        found.days += 1
        line = day_line(day.day, day.first_number, day.last_number, day.head)
        if day.first_number != last + 1:
            found.fault(
                f"the day before {day.day} was removed: links {last + 1} to {day.first_number - 1} have none"
            )
        elif root_hash(previous, line) != day.root_hash:
            found.fault(f"the root of {day.day} was edited")
        if hashes.get(day.last_number) != day.head:
            found.fault(f"the links up to {day.last_number} are not those that were signed on {day.day}")
        if not _is_signed(chain.uuid, day, key):
            found.fault(f"the signature of {day.day} is not of this chain's key")
        previous, last = day.root_hash, day.last_number


def _is_signed(chain: UUID, day: SignalDay, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(bytes.fromhex(day.signature), signed_text(chain, day.root_hash))
    except (InvalidSignature, ValueError):
        return False
    return True


def _without_link(chain: SignalChain, found: ChainFindings) -> None:
    """Signals past the record: those that say they are sealed and have no link."""
    signals = Signal.objects.filter(workspace_id=chain.workspace_id)
    found.unsealed = signals.filter(is_sealed=False).count()
    link = SignalLink.objects.filter(chain=chain, signal_uuid=OuterRef("uuid"))
    for signal in signals.filter(~Exists(link), is_sealed=True).order_by("id")[:MOST_FAULTS]:
        found.fault(
            f"signal {signal.uuid} ({signal.action} {signal.symbol}, received"
            f" {signal.received_at:%Y-%m-%d %H:%M:%S}) was inserted, or its link removed: it has none"
        )
