"""What billing holds about people and workspaces."""

from apps.core.privacy import exempt, holds

holds("billing.MeterUsage", "How much of the plan was used", workspace="workspace_id")
holds("billing.Reservation", "What jobs took of the plan", workspace="usage__workspace_id")
exempt("billing.Plan", "the same for everybody")
exempt("billing.PlanLimit", "the same for everybody")
