"""Requests to addresses that people gave reach the internet only: by literal, by name, by a name that changes."""

from __future__ import annotations

import ipaddress

import httpx
import pytest

from apps.notifications.channels.guard import Forbidden, check_url, guarded_client, is_public
from apps.notifications.errors import BadTarget
from apps.notifications.models import Delivery
from apps.notifications.services import add_webhook, send_due
from tests.notifications.loopback import Answer, Loopback


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),  # metadata of clouds
        ("100.64.0.1", False),  # carrier-grade NAT
        ("198.18.0.1", False),  # benchmarks
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),  # metadata again
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("64:ff9b::5db8:d822", True),
        ("2002:a00:1::", False),  # 6to4 of 10.0.0.1
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.1/",
        "https://localhost/",
        "https://db.internal/",
        "http://example.com/hook",
        "ftp://example.com/hook",
        "https://user:pass@example.com/",
        "https://example.com:25/",
        "https://example.com/#part",
        "https:///hook",
        "example.com/hook",
        "https://example.com:port/",
        "https://[::1/",
        "",
    ],
)
def test_what_is_refused_when_it_is_given(url, settings):
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    with pytest.raises(BadTarget):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?x=1", "https://example.com:8443/", "https://93.184.216.34/"]
)
def test_what_is_taken(url):
    assert check_url(f" {url} ") == url


class Names:
    """A name server whose answers change from question to question."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers[min(self.asked, len(self.answers)) - 1]


async def fetch(provider: Loopback, names: Names) -> httpx.Response:
    port = provider.url.rpartition(":")[2]
    async with guarded_client(names) as client:
        return await client.post(f"http://hooks.example.com:{port}/hook", content=b"{}")


async def test_a_name_that_changes_after_the_check_is_connected_to_where_it_was_checked(provider):
    """The second answer, an address nobody may reach, is never asked for."""
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    assert (await fetch(provider, names)).status_code == 200
    assert names.asked == 1
    assert provider.requests[0].headers["host"].startswith("hooks.example.com")


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["169.254.169.254"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]],
)
async def test_a_name_that_leads_inside_is_not_connected_to(addresses, provider, settings):
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    with pytest.raises(httpx.ConnectError) as caught:
        await fetch(provider, Names(addresses))
    assert isinstance(caught.value.__cause__, Forbidden)
    assert provider.requests == []


async def test_the_environments_proxy_is_not_used(provider, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert (await fetch(provider, Names(["127.0.0.1"]))).status_code == 200


def test_an_endpoint_whose_name_turns_inward_fails_without_a_request(user, provider, tell, settings):
    """It was added while the network was open; the check is made anew at each attempt."""
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    settings.NOTIFICATIONS_PRIVATE_NETWORKS = []
    tell(channels=("webhook",))
    send_due(linger_s=0)
    delivery = Delivery.objects.get(channel="webhook")
    assert provider.requests == []
    assert "inner network" in delivery.error
    assert delivery.trace.get().outcome == "refused"


def test_a_huge_answer_is_not_read(user, provider, tell):
    provider.answer = lambda request: Answer(500, body=b"x" * 50_000_000)
    add_webhook(user, url=f"{provider.url}/hook", actor=user)
    tell(channels=("webhook",))
    send_due(linger_s=0)
    assert len(Delivery.objects.get(channel="webhook").error) <= 300
