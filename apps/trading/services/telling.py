"""What browsers that watch a workspace's trading hear: that something changed, not what; they read it then."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.live import push_all, push_on_commit
from apps.trading.models import Fill, KillSwitch, Order, TradingAccount

MOST_TOLD = 100  # workspaces of one batch; the pages of others catch up with the next


def live_group(workspace_id: int) -> str:
    """The group of all who watch the workspace's trading."""
    return f"workspace.{workspace_id}.trading"


def tell_orders(*, order_ids: Sequence[int]) -> None:
    """Orders were placed, sent, answered or ended."""
    workspaces = Order.objects.filter(pk__in=order_ids).values_list("book__workspace_id", flat=True)
    found = workspaces.order_by("book__workspace_id").distinct()[:MOST_TOLD]
    push_all([(live_group(workspace_id), {"kind": "order"}) for workspace_id in found])


def tell_fills(*, fill_ids: Sequence[int]) -> None:
    """Something changed hands."""
    workspaces = Fill.objects.filter(pk__in=fill_ids).values_list("book__workspace_id", flat=True)
    found = workspaces.order_by("book__workspace_id").distinct()[:MOST_TOLD]
    push_all([(live_group(workspace_id), {"kind": "fill"}) for workspace_id in found])


def tell_account(account: TradingAccount) -> None:
    """Its state, what it holds or how it agrees with the books changed, once the transaction commits."""
    push_on_commit(live_group(account.workspace_id), {"kind": "account", "account": str(account.uuid)})


def tell_switch(switch: KillSwitch) -> None:
    """A kill switch was thrown or lifted. Those of the platform are seen with the next page."""
    if switch.workspace_id is not None:
        push_on_commit(live_group(switch.workspace_id), {"kind": "switch"})
