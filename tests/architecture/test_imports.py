"""The house's rules of importing, on the real import graph."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
DOORS = {"services", "selectors", "access", "models", "choices", "errors"}
OPEN_FLOORS = {"core", "engine"}  # their every module is for all
# Modules that are a door although their name is none, with the reason.
NAMED_DOORS = {
    "apps.accounts.needs": "the right that a page or an API view names",
    "apps.accounts.confirm": "the fresh proof before what is dangerous",
    "apps.accounts.live": "the same for WebSockets",
    "apps.notifications.api.fields": "how urgency is written in JSON",
    "apps.markets.exchanges": "clients of exchanges, for feeds and for orders",
    "apps.markets.files": "bars from a file, for the commands that run without a database",
    "apps.markets.timeframes": "how timeframes are written, for the same commands",
    "apps.billing.hooks": "what billing tells the rooms above it",
    "apps.billing.rules.money": "how amounts of money are written",
    "apps.trading.hooks": "what trading tells the rooms above it",
    "apps.formulas.library": "constant texts, no behaviour",
    "apps.formulas.gallery": "pictures of the library's templates",
    "apps.formulas.plots": "a formula on bars as a picture",
    "apps.accounts.language": "writing in the language of whoever reads it",
    "apps.accounts.middleware": "which workspace a session works in",
    "apps.formulas.reference": "the pages about functions, out of the engine's tables",
    "apps.accounts.second_factor": "whether who is signed in has shown all they must",
    "apps.backtests.figures": "constant texts: what each figure means",
    "apps.markets.providers.sample": "real bars out of a package, for pictures drawn without a database",
}


def test_import_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_apps_enter_each_other_through_doors():
    graph = grimp.build_graph("apps", cache_dir=None)
    passed = 0
    wrong = []
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            if app_of(importer) == app_of(imported) or app_of(imported) in OPEN_FLOORS | {""}:
                continue
            passed += 1
            if door_of(imported) not in DOORS and imported not in NAMED_DOORS:
                wrong.append(f"{importer} imports {imported}")
    assert wrong == []
    assert passed > 10, "the graph was not read"


def test_named_doors_are_used():
    """An exception that nobody needs any more is removed."""
    graph = grimp.build_graph("apps", cache_dir=None)
    for module in NAMED_DOORS:
        importers = graph.find_modules_that_directly_import(module)
        assert any(app_of(importer) != app_of(module) for importer in importers), module


def app_of(module: str) -> str:
    """`markets` for `apps.markets.files`; empty for `apps` itself."""
    return [*module.split("."), ""][1]


def door_of(module: str) -> str:
    """`services` for `apps.markets.services.imports`; empty for the app's package."""
    return [*module.split("."), "", ""][2]
