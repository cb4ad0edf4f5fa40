"""What can be wrong when a valid formula meets bars."""


class EvaluationError(Exception):
    """A valid formula cannot be evaluated on these bars (for instance tf("1d", ...) on weekly bars)."""
