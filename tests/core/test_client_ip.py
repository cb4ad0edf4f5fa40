"""Which address a request is taken to come from, by peer, header and trusted proxies."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from apps.core.client_ip import client_ip, client_ip_of_scope, in_networks, parse_network
from config.env import Env

TABLE = [
    # peer, X-Forwarded-For, trusted, what is believed
    ("203.0.113.9", "", [], "203.0.113.9"),
    ("203.0.113.9", "198.51.100.1", [], "203.0.113.9"),  # nobody is trusted: the header is hearsay
    ("203.0.113.9", "198.51.100.1", ["10.0.0.0/8"], "203.0.113.9"),  # the peer is not our proxy
    ("10.0.0.1", "198.51.100.1", ["10.0.0.0/8"], "198.51.100.1"),
    (
        "10.0.0.1",
        "1.2.3.4, 198.51.100.1",
        ["10.0.0.0/8"],
        "198.51.100.1",
    ),  # the left one was sent by the caller
    ("10.0.0.1", "1.2.3.4, 198.51.100.1, 10.0.0.2", ["10.0.0.0/8"], "198.51.100.1"),  # two proxies of ours
    ("10.0.0.1", "10.0.0.3, 10.0.0.2", ["10.0.0.0/8"], "10.0.0.3"),  # a call from inside
    ("10.0.0.1", "unknown", ["10.0.0.0/8"], "10.0.0.1"),
    ("10.0.0.1", "198.51.100.1, nonsense", ["10.0.0.0/8"], "10.0.0.1"),
    ("10.0.0.1", "198.51.100.1:4711", ["10.0.0.0/8"], "198.51.100.1"),
    ("::1", "[2001:db8::5]:443", ["::1/128"], "2001:db8::5"),
    ("::ffff:10.0.0.1", "2001:DB8:0::5", ["10.0.0.0/8"], "2001:db8::5"),
    ("", "198.51.100.1", ["10.0.0.0/8"], "198.51.100.1"),  # a Unix socket: only a proxy can reach it
    ("", "", [], None),
]


@pytest.mark.parametrize(("peer", "forwarded", "trusted", "expected"), TABLE)
def test_address_of_a_request(peer, forwarded, trusted, expected, settings):
    settings.TRUSTED_PROXIES = trusted
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR=peer, **headers)) == expected
    scope = {
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", part.encode()) for part in forwarded.split(",") if part],
    }
    assert client_ip_of_scope(scope) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.1/8", "the network is 10.0.0.0/8"),
        ("10.0.0.256", "no IPv4 or IPv6"),
        ("example.com", "no IPv4 or IPv6"),
        ("10.0.0.0/33", "no IPv4 or IPv6"),
        ("", "no IPv4 or IPv6"),
    ],
)
def test_wrong_networks_are_refused_in_words(text, words):
    with pytest.raises(ValueError, match=words):
        parse_network(text)


def test_membership_in_networks():
    networks = [str(parse_network(text)) for text in ("192.0.2.7", " 2001:db8::/32 ")]
    assert in_networks("192.0.2.7", networks)
    assert in_networks("2001:db8:ffff::1", networks)
    assert not in_networks("192.0.2.8", networks)
    assert not in_networks(None, networks)


def test_setting_takes_networks_and_names_its_faults():
    assert Env(trusted_proxies="10.0.0.0/8, ::1").trusted_proxies == ["10.0.0.0/8", "::1/128"]
    with pytest.raises(ValueError, match="host bits"):
        Env(trusted_proxies="10.0.0.1/8")
