"""Tables of the bots room, one file per subject."""

from apps.bots.models.bots import Bot, BotTransition
from apps.bots.models.cohorts import Cohort, Decision
from apps.bots.models.upgrades import Upgrade

__all__ = ["Bot", "BotTransition", "Cohort", "Decision", "Upgrade"]
