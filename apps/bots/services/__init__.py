"""Writes of the bots room."""

from apps.bots.services.bots import BotRequest, change_bot, clone_bot, create_bot, delete_bot
from apps.bots.services.causes import follow_causes
from apps.bots.services.feeds import follow_feed
from apps.bots.services.flattening import close_wanted
from apps.bots.services.going_live import Missing, missing_for_live
from apps.bots.services.guarding import PASSING
from apps.bots.services.holding import hold, release_held
from apps.bots.services.life import archive, deploy, pause, restore, resume, stop
from apps.bots.services.parity import ParityReport, check_all, check_parity
from apps.bots.services.stepping import Stepped, step_cohort
from apps.bots.services.upgrades import (
    cancel_upgrade,
    finish_upgrades,
    roll_back,
    start_upgrade,
    switch_now,
)
from apps.bots.services.watching import fail_cohort, sweep, watch_heartbeats

__all__ = [
    "PASSING",
    "BotRequest",
    "Missing",
    "ParityReport",
    "Stepped",
    "archive",
    "cancel_upgrade",
    "change_bot",
    "check_all",
    "check_parity",
    "clone_bot",
    "close_wanted",
    "create_bot",
    "delete_bot",
    "deploy",
    "fail_cohort",
    "finish_upgrades",
    "follow_causes",
    "follow_feed",
    "hold",
    "missing_for_live",
    "pause",
    "release_held",
    "restore",
    "resume",
    "roll_back",
    "start_upgrade",
    "step_cohort",
    "stop",
    "sweep",
    "switch_now",
    "watch_heartbeats",
]
