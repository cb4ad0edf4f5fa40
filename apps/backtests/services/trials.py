"""Writes of the trial ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.backtests.models import Trial

BATCH = 2_000


@dataclass(frozen=True)
class TrialRow:
    """One variant that was run: its hashes and the moments of its returns per period."""

    formula_hash: str
    data_hash: str
    parameters_hash: str
    sharpe: float | None
    skew: float | None
    kurtosis: float | None
    periods: int
    total_return: float | None


def append_trials(
    lineage: UUID, workspace: UUID, source: str, engine_version: str, rows: Iterable[TrialRow]
) -> None:
    """Add what was tried. A variant that stands in the ledger already is the same trial, and stays as it is."""
    Trial.objects.bulk_create(
        (
            Trial(
                lineage=lineage,
                workspace=workspace,
                source=source,
                engine_version=engine_version,
                formula_hash=row.formula_hash,
                data_hash=row.data_hash,
                parameters_hash=row.parameters_hash,
                sharpe=row.sharpe,
                skew=row.skew,
                kurtosis=row.kurtosis,
                periods=row.periods,
                total_return=row.total_return,
            )
            for row in rows
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
