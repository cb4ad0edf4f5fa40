"""What notifications hold about people, and for how long."""

from apps.core.privacy import holds
from apps.core.retention import keep
from apps.core.words import gettext_noop

holds(
    "notifications.Contact",
    gettext_noop("Where you are reached: numbers, chats, browsers, webhooks"),
    person="person_id",
    workspace="workspace_id",
    without=("target_digest", "code_hash"),
)
holds("notifications.Preference", gettext_noop("What you want to be told, and where"), person="person_id")
holds(
    "notifications.DeliveryHours",
    gettext_noop("Your quiet hours and the time of your digest"),
    person="person_id",
)
holds(
    "notifications.ArrivalWish",
    gettext_noop("What you want by the cheapest way that is fast enough"),
    person="person_id",
)
holds(
    "notifications.ChannelSpeed",
    gettext_noop("How fast messages reached you, by channel"),
    person="person_id",
)
holds("notifications.Ladder", gettext_noop("Your ladders of channels"), person="person_id")
holds(
    "notifications.Notice", gettext_noop("What you were told"), person="person_id", workspace="workspace_id"
)
holds("notifications.Delivery", gettext_noop("The ways each notice took"), person="person_id")
holds("notifications.Attempt", gettext_noop("Each attempt to reach you"), person="delivery__person_id")

keep(
    "notifications.notices",
    gettext_noop("Notices, with their deliveries and attempts"),
    label="notifications.Notice",
    moment="created_at",
    days=180,
    least=30,
)
