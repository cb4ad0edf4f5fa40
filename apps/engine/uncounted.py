"""An option of compiled functions that make no array: they count no references to those they are given.

The caller holds the arrays while the function runs. Numba takes the option but does not list it in its types.
"""

from typing import Any

UNCOUNTED: dict[str, Any] = {"_nrt": False}
