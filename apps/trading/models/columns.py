"""Columns of money, prices and sizes: decimals with twelve places, enough for every coin's smallest unit."""

from __future__ import annotations

from typing import Any

from django.db import models


def money(**options: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(max_digits=32, decimal_places=12, **options)


def fraction(**options: Any) -> models.DecimalField[Any, Any]:
    """0.01 is 1 %."""
    return models.DecimalField(max_digits=12, decimal_places=8, **options)
