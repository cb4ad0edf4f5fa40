"""The channels there are. A new one is a folder and a line here."""

from __future__ import annotations

from functools import cache

from django.utils.module_loading import import_string

from apps.notifications.channels.base import Channel

CHANNELS = {
    "inbox": "apps.notifications.channels.inbox.channel.Inbox",
    "email": "apps.notifications.channels.email.channel.Email",
    "push_onesignal": "apps.notifications.channels.push_onesignal.channel.PushOneSignal",
    "push_web": "apps.notifications.channels.push_web.channel.PushWeb",
    "telegram": "apps.notifications.channels.telegram.channel.Telegram",
    "slack": "apps.notifications.channels.slack.channel.Slack",
    "discord": "apps.notifications.channels.discord.channel.Discord",
    "apprise": "apps.notifications.channels.apprise.channel.Apprise",
    "sms": "apps.notifications.channels.sms.channel.Sms",
    "webhook": "apps.notifications.channels.webhook.channel.Webhook",
}


@cache
def channel_of(kind: str) -> Channel:
    """The channel of that kind. Raises KeyError for one that does not exist (any more)."""
    found: Channel = import_string(CHANNELS[kind])()
    return found


def words_of(kind: str) -> str:
    """A channel as people read it, also one that does not exist any more."""
    return str(channel_of(kind).words) if kind in CHANNELS else kind


def channels() -> list[Channel]:
    """Every channel, whether or not the installation is set up for it."""
    return [channel_of(kind) for kind in CHANNELS]
