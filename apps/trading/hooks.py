"""What trading tells the rooms above it (`apps.core.hooks`)."""

from __future__ import annotations

from apps.core.hooks import Hook

filled = Hook("trading.filled")  # fill_ids: list[int], after commit
order_changed = Hook("trading.order_changed")  # order_ids: list[int], after commit
switched = Hook("trading.switched")  # switch_id: int, after commit: a kill switch was thrown or lifted
account_moved = Hook("trading.account_moved")  # account_id: int, state: str, after commit
