"""How urgency is written in JSON, also for the rooms above."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.notifications.choices import Urgency

URGENCIES = [urgency.name.lower() for urgency in Urgency]


class UrgencyField(serializers.ChoiceField):
    """The urgency by its name."""

    def __init__(self, choices: list[str] = URGENCIES, **kwargs: Any) -> None:
        super().__init__(choices=choices, **kwargs)

    def to_representation(self, value: Any) -> str:
        return Urgency(value).name.lower()

    def to_internal_value(self, data: Any) -> Urgency:
        return Urgency[str(super().to_internal_value(data)).upper()]
