"""Changing what is known of an instrument."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.journal.services import record
from apps.markets.errors import ReadOnlyInstrument, WrongStep
from apps.markets.models import Instrument

STEPS = ("tick_size", "lot_size", "min_size", "min_notional")


@transaction.atomic
def update_instrument(instrument: Instrument, *, actor: User, **values: Any) -> Instrument:
    """Change the name, currency or steps of a workspace's own instrument; runs made before keep theirs.

    Raises ReadOnlyInstrument for shared ones, WrongStep for a step that is negative or not a number.
    """
    if instrument.workspace_id is None:
        raise ReadOnlyInstrument(gettext("Shared instruments cannot be changed."))
    for name in STEPS:
        if name in values and not (values[name].is_finite() and values[name] >= 0):
            raise WrongStep(
                gettext("{name} must be 0 (none) or positive, not {values}.").format(
                    name=name, values=values[name]
                ),
                field=name,
            )
    row = Instrument.objects.select_for_update().get(pk=instrument.pk)
    changes = {
        name: [_plain(getattr(row, name)), _plain(value)]
        for name, value in values.items()
        if getattr(row, name) != value
    }
    if changes:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=[*values, "updated_at"])
        record(
            actor=actor,
            workspace=row.workspace,
            action="markets.instrument.changed",
            target=row,
            changes=changes,
        )
    return row


def _plain(value: Any) -> str:
    """A value as one writes it: 0.5, not 0.500000000000."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
