"""The API's platform: what every view under /api/ has in common. A view is made from `apps.core.api.views`.

DRF imports this module, and what it names, while it builds its own view classes, so nothing here may import
`rest_framework.views`: whoever came here first would then find both half made.
"""

from __future__ import annotations

from apps.core.api.pagination import CursorPagination
from apps.core.api.reading import JSONParser
from apps.core.api.rendering import JSONRenderer

__all__ = ["CursorPagination", "JSONParser", "JSONRenderer"]
