"""What chat channels share: short texts, and webhook addresses of Slack and Discord, which are the secret."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from django.utils.translation import gettext

from apps.notifications.channels.guard import check_url, is_inner
from apps.notifications.errors import BadTarget


def check_hook(text: str, hosts: Collection[str], example: str) -> str:
    """A webhook at one of these hosts, or at a server of ours that speaks the same. Raises BadTarget."""
    url = check_url(text)
    host = (urlsplit(url).hostname or "").lower()
    if host not in hosts and not is_inner(host):
        raise BadTarget(
            gettext("Give the address of an incoming webhook: {example}").format(example=example),
            field="target",
        )
    return url


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
