"""The services that may be used, and nothing else that Apprise can do."""

from __future__ import annotations

# By the scheme of their addresses. Each sends HTTPS requests; none reads files, runs programs or speaks anything else.
SERVICES = {
    "ntfys": "ntfy",
    "gotifys": "Gotify",
    "mmosts": "Mattermost",
    "pover": "Pushover",
    "pbul": "Pushbullet",
    "prowl": "Prowl",
    "gchat": "Google Chat",
    "workflows": "Microsoft Teams",
    "wxteams": "Webex",
    "zulip": "Zulip",
    "pagerduty": "PagerDuty",
}
# By http, inside networks that the operator opened.
INNER = {"ntfy": "ntfys", "gotify": "gotifys", "mmost": "mmosts"}


def words_of(target: str) -> str:
    """The name of an address's service. Raises KeyError for one that is not on the list."""
    scheme = target.partition("://")[0].lower()
    return SERVICES[INNER.get(scheme, scheme)]
