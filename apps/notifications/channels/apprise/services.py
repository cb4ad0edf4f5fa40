"""The services that may be used, and nothing else that Apprise can do."""

from __future__ import annotations

from apps.core.words import gettext_lazy

# By the scheme of their addresses. Each sends HTTPS requests; none reads files, runs programs or speaks anything else.
SERVICES = {
    "ntfys": "ntfy",
    "gotifys": gettext_lazy("Gotify"),
    "mmosts": gettext_lazy("Mattermost"),
    "pover": gettext_lazy("Pushover"),
    "pbul": gettext_lazy("Pushbullet"),
    "prowl": gettext_lazy("Prowl"),
    "gchat": gettext_lazy("Google Chat"),
    "workflows": gettext_lazy("Microsoft Teams"),
    "wxteams": gettext_lazy("Webex"),
    "zulip": gettext_lazy("Zulip"),
    "pagerduty": gettext_lazy("PagerDuty"),
}
# By http, inside networks that the operator opened.
INNER = {"ntfy": "ntfys", "gotify": "gotifys", "mmost": "mmosts"}


def words_of(target: str) -> str:
    """The name of an address's service. Raises KeyError for one that is not on the list."""
    scheme = target.partition("://")[0].lower()
    return SERVICES[INNER.get(scheme, scheme)]
