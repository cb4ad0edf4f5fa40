"""Whatever carries an id of another workspace answers 404, on every route that takes one."""

from __future__ import annotations

import io

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.services import create_api_key
from apps.backtests.services import BacktestRequest, submit_backtest
from apps.formulas.services import create_formula, publish_formula
from apps.markets.services import import_bars
from apps.signals.services import create_source
from tests.backtests.conftest import wave_csv
from tests.factories import CROSS

NOT_TENANT = ("admin/", "accounts/", "__", "api/schema", "api/docs")


def _routes(resolver: URLResolver, prefix: str = "") -> list[str]:
    found: list[str] = []
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += _routes(entry, route)
        elif isinstance(entry, URLPattern):
            found.append(route)
    return found


def _with_ids() -> list[str]:
    routes = [route for route in _routes(get_resolver()) if not route.startswith(NOT_TENANT)]
    return sorted({route for route in routes if "uuid" in route or "<uuid:" in route})
