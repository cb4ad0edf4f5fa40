"""What notifications hold about people, and for how long."""

from apps.core.privacy import holds
from apps.core.retention import keep

holds(
    "notifications.Contact",
    "Where you are reached: numbers, chats, browsers, webhooks",
    person="person_id",
    workspace="workspace_id",
    without=("target_digest", "code_hash"),
)
holds("notifications.Preference", "What you want to be told, and where", person="person_id")
holds("notifications.DeliveryHours", "Your quiet hours and the time of your digest", person="person_id")
holds(
    "notifications.ArrivalWish", "What you want by the cheapest way that is fast enough", person="person_id"
)
holds("notifications.ChannelSpeed", "How fast messages reached you, by channel", person="person_id")
holds("notifications.Ladder", "Your ladders of channels", person="person_id")
holds("notifications.Notice", "What you were told", person="person_id", workspace="workspace_id")
holds("notifications.Delivery", "The ways each notice took", person="person_id")
holds("notifications.Attempt", "Each attempt to reach you", person="delivery__person_id")

keep(
    "notifications.notices",
    "Notices, with their deliveries and attempts",
    label="notifications.Notice",
    moment="created_at",
    days=180,
    least=30,
)
