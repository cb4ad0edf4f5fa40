"""Many bots at once: programs of one formula, each with settings of its own, stepped together at each closed bar."""

from apps.engine.program.cohort.cohort import Cohort, CohortResult, CohortState, Source

__all__ = ["Cohort", "CohortResult", "CohortState", "Source"]
