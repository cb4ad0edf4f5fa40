"""Is the record whole? Recomputes every hash and names whatever was edited, removed, inserted or moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.journal.models import Checkpoint, Entry, Seal, Verification, chain_name
from apps.journal.rules import HASHED_FIELDS, checkpoint_hash, commitment, content_hash, seal_hash
from apps.journal.services.sealing import manifest_line

PERSON_ERASED = "journal.person.erased"
CHUNK = 1000


@dataclass
class Findings:
    """What a verification read, and each fault in words that name the entry or seal."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    erased: int = 0
    head: str = ""
    faults: list[str] = field(default_factory=list)


def verify_journal(*, head: str = "") -> Findings:
    """Verify every chain and the checkpoints over them; `head` is a head noted elsewhere that must still be there."""
    with _one_moment():
        found = Findings()
        heads = _verify_checkpoints(found)
        sealed_to = _end()
        chains = set(Entry.objects.order_by().values_list("workspace_id", flat=True).distinct())
        chains |= set(Seal.objects.order_by().values_list("workspace_id", flat=True).distinct())
        chains |= {workspace_id for workspace_id, _ in heads}
        erasures = _erasures()
        for workspace_id in sorted(chains, key=lambda chain: -1 if chain is None else chain):
            _verify_chain(workspace_id, heads, sealed_to, erasures, found)
        last = Checkpoint.objects.order_by("-number").first()
        found.head = last.chain_hash if last else ""
        _verify_head(head, found)
        return found


def verify_workspace(workspace_id: int | None, *, head: str = "") -> Findings:
    """Verify one workspace's chain (None: the system's), and that the checkpoints name the same seals."""
    with _one_moment():
        found = Findings()
        heads = _verify_checkpoints(found)
        _verify_chain(workspace_id, heads, _end(), _erasures(), found)
        last = Seal.objects.filter(workspace_id=workspace_id).order_by("-number").first()
        found.head = last.chain_hash if last else ""
        _verify_head(head, found)
        return found


def keep_verification(found: Findings, workspace_id: int | None = None) -> Verification:
    """Store the outcome for the pages that show it."""
    return Verification.objects.create(
        workspace_id=workspace_id,
        verified_at=timezone.now(),
        entries=found.entries,
        seals=found.seals,
        unsealed=found.unsealed,
        erased=found.erased,
        head=found.head,
        faults=found.faults[:100],
    )


class _one_moment(transaction.Atomic):  # noqa: N801  used like a function
    """All reads of one verification see the same moment, so that what is written meanwhile is no fault."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)

    def __enter__(self) -> None:
        outermost = not connection.in_atomic_block
        super().__enter__()
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


Heads = dict[tuple[int | None, int], str]


def _verify_checkpoints(found: Findings) -> Heads:
    """Every seal that the checkpoints name, with its hash."""
    heads: Heads = {}
    previous, expected = "", 1
    for point in Checkpoint.objects.order_by("number").iterator(chunk_size=CHUNK):
        if point.number != expected:
            found.faults.append(f"checkpoints {expected} to {point.number - 1} were removed")
        elif point.previous_hash != previous:
            found.faults.append(f"checkpoint {point.number} does not continue the one before it")
        end = (point.end_xid, point.end_id)
        if checkpoint_hash(point.previous_hash, point.number, point.heads, end) != point.chain_hash:
            found.faults.append(f"checkpoint {point.number} was edited")
        for workspace_id, number, chain_hash in point.heads:
            heads[workspace_id, number] = chain_hash
        previous, expected = point.chain_hash, point.number + 1
    return heads


def _end() -> tuple[int, int]:
    """The place up to which everything is sealed."""
    last = Checkpoint.objects.order_by("-number").first()
    return (last.end_xid, last.end_id) if last else (0, 0)


def _verify_chain(
    workspace_id: int | None,
    heads: Heads,
    sealed_to: tuple[int, int],
    erasures: dict[int, tuple[int, int]],
    found: Findings,
) -> None:
    name = chain_name(workspace_id)
    previous, expected = "", 1
    named: set[int] = set()
    for seal in Seal.objects.filter(workspace_id=workspace_id).order_by("number").iterator(chunk_size=20):
        found.seals += 1
        if seal.number > expected:
            found.faults.append(f"{name}: seals {expected} to {seal.number - 1} were removed")
        elif seal.previous_hash != previous:
            found.faults.append(f"{name}: seal {seal.number} does not continue the one before it")
        if seal_hash(seal.previous_hash, workspace_id, seal.number, seal.manifest) != seal.chain_hash:
            found.faults.append(f"{name}: seal {seal.number} was edited")
        if heads.get((workspace_id, seal.number)) != seal.chain_hash:
            found.faults.append(f"{name}: seal {seal.number} is not the one that the checkpoints name")
        for start in range(0, len(seal.manifest), CHUNK):
            lines = seal.manifest[start : start + CHUNK]
            named.update(line[0] for line in lines)
            _verify_lines(lines, seal, erasures, found)
        previous, expected = seal.chain_hash, seal.number + 1
    cut = sorted(number for chain, number in heads if chain == workspace_id and number >= expected)
    if cut:
        found.faults.append(f"{name}: its end was cut off, {_numbers('seal', cut)} that the checkpoints name")
    for entry in _unnamed(workspace_id, named):
        place = f"{name}: {describe(manifest_line(entry))}"
        if (entry.xid, entry.pk) <= sealed_to:
            found.faults.append(f"{place} was inserted into what was sealed, or moved here")
        found.entries += 1
        found.unsealed += 1
        found.faults += [f"{place} {fault}" for fault in _faults_of(entry, erasures, found)]


def _verify_lines(
    lines: list[list[Any]], seal: Seal, erasures: dict[int, tuple[int, int]], found: Findings
) -> None:
    """Compare the manifest's lines with the entries as they are now."""
    name = f"{chain_name(seal.workspace_id)}, seal {seal.number}"
    entries = Entry.objects.prefetch_related("parts").in_bulk([line[0] for line in lines])
    for line in lines:
        entry = entries.get(line[0])
        if entry is None:
            found.faults.append(f"{name}: {describe(line)} was removed")
            continue
        found.entries += 1
        faults = _faults_of(entry, erasures, found)
        now = manifest_line(entry)
        if str(entry.uuid) != line[1]:
            faults.append(f"was moved: its place is taken by {describe(now)}")
        elif entry.workspace_id != seal.workspace_id:
            faults.append(f"was moved to {chain_name(entry.workspace_id)}")
        elif entry.xid != line[4]:
            faults.append("was moved to another place in the order")
        elif now != line and not faults:
            faults.append("was edited, and its hash with it")
        if faults:
            found.faults.append(f"{name}: {describe(line)} " + " and ".join(faults))


def _faults_of(entry: Entry, erasures: dict[int, tuple[int, int]], found: Findings) -> list[str]:
    """What is wrong with an entry in itself: its hash, and its personal parts."""
    faults = []
    if content_hash({name: getattr(entry, name) for name in HASHED_FIELDS}) != entry.content_hash:
        faults.append("was edited")
    parts = {part.part: part for part in entry.parts.all()}
    for name, bound, person_id in (
        ("actor", entry.actor_commitment, entry.subject_id if entry.actor_id is None else entry.actor_id),
        ("target", entry.target_commitment, entry.subject_id),
    ):
        part = parts.get(name)
        if part is not None:
            if commitment(part.salt, part.person_id, part.data) != bound:
                faults.append(f"has a personal part ({name}) that was edited")
        elif bound:
            erased_at = erasures.get(person_id) if person_id is not None else None
            if erased_at is None or erased_at < (entry.xid, entry.pk):
                faults.append(f"lost its personal part ({name}) without a record of an erasure")
            else:
                found.erased += 1
    return faults


def _unnamed(workspace_id: int | None, named: set[int]) -> Iterator[Entry]:
    """Entries of a chain that no manifest names."""
    ids = Entry.objects.filter(workspace_id=workspace_id).order_by("id").values_list("pk", flat=True)
    for chunk in _chunks(pk for pk in ids.iterator(chunk_size=CHUNK * 10) if pk not in named):
        yield from Entry.objects.filter(pk__in=chunk).order_by("id").prefetch_related("parts")


def _erasures() -> dict[int, tuple[int, int]]:
    """When each person was erased last, as a place in the order."""
    erased = Entry.objects.filter(action=PERSON_ERASED).order_by("xid", "id")
    rows = erased.values_list("subject_id", "xid", "pk")
    return {person: (xid, pk) for person, xid, pk in rows if person is not None}


def _verify_head(head: str, found: Findings) -> None:
    if not head:
        return
    known = (
        Checkpoint.objects.filter(chain_hash=head).exists() or Seal.objects.filter(chain_hash=head).exists()
    )
    if not known:
        found.faults.append(
            f"the head {head} is not in the record: its end was cut off or written anew since then"
        )


def describe(line: Iterable[Any]) -> str:
    """An entry as faults name it."""
    pk, uuid, action, recorded_at, *_ = line
    return f"entry {pk} ({uuid}, {action}, {recorded_at})"


def _numbers(noun: str, numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"{noun} {numbers[0]}"
    return f"{noun}s {numbers[0]} to {numbers[-1]}"


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for pk in ids:
        chunk.append(pk)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
