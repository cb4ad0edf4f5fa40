"""Pine Script: formulas as scripts for TradingView, and scripts as formulas."""

from apps.engine.pine.exporter import PineExport, export_pine
from apps.engine.pine.importer import LineReport, PineImport, import_pine

__all__ = ["LineReport", "PineExport", "PineImport", "export_pine", "import_pine"]
