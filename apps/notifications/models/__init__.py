"""Where people are reached, what they want to be told, what they were told, and each attempt to do so."""

from apps.notifications.models.contacts import Contact
from apps.notifications.models.deliveries import Attempt, Delivery
from apps.notifications.models.notices import Notice
from apps.notifications.models.speeds import ChannelSpeed
from apps.notifications.models.wishes import ArrivalWish, DeliveryHours, Ladder, Preference

__all__ = [
    "ArrivalWish",
    "Attempt",
    "ChannelSpeed",
    "Contact",
    "Delivery",
    "DeliveryHours",
    "Ladder",
    "Notice",
    "Preference",
]
