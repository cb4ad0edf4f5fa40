"""From waiting deliveries to ended ones, by however many workers, each as often as needed and counted once.

A round claims deliveries by one statement (`claiming`), decides anew whether they are still wanted and renders them
(`loading`), sends them in an event loop of its own thread (`courier`) and writes what came of it (`outcomes`).
"""

from apps.notifications.services.sending.run import send_due

__all__ = ["send_due"]
