"""Pine Script to a formula, with a report for every line."""

from apps.engine.pine.importer.importer import import_pine
from apps.engine.pine.importer.report import LineReport, PineImport

__all__ = ["LineReport", "PineImport", "import_pine"]
