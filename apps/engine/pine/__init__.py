"""Pine Script: formulas as scripts for TradingView, and scripts as formulas."""

from apps.engine.pine.exporter import PineExport, export_pine

__all__ = ["PineExport", "export_pine"]
