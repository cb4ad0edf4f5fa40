"""What billing tells the rooms above it (`apps.core.hooks`)."""

from __future__ import annotations

from apps.core.hooks import Hook

plan_changed = Hook("billing.plan_changed")  # workspace_id: int, after commit
