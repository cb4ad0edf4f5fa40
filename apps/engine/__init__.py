"""The engine: formula language, indicators, simulator and statistics. Plain Python, NumPy and Numba, no Django."""

from apps.engine.kernel_cache import configure

# Numba reads its cache folder when it is imported, so the folder is chosen before any kernel is.
configure()
