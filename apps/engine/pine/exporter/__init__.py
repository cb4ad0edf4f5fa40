"""A formula as a Pine v6 script."""

from apps.engine.pine.exporter.script import Kind, PineExport, export_pine

__all__ = ["Kind", "PineExport", "export_pine"]
