"""Which instrument a signal's symbol means."""

from __future__ import annotations

from collections.abc import Iterable

from apps.markets.models import Instrument


def instrument_for(
    instruments: Iterable[Instrument], workspace_id: int, symbol: str, exchange: str
) -> Instrument | None:
    """The workspace's own before a shared one; of the signal's exchange before one that names none.

    Never one of another exchange.
    """
    fitting = [
        one
        for one in instruments
        if one.symbol == symbol
        and one.workspace_id in (None, workspace_id)
        and (not exchange or not one.venue or one.venue.upper() == exchange.upper())
    ]
    return min(
        fitting,
        key=lambda one: (one.workspace_id is None, one.venue.upper() != exchange.upper(), one.pk),
        default=None,
    )
