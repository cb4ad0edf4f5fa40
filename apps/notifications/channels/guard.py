"""Requests to URLs that people gave, which must not reach into our own network.

A name is resolved once, every address it has is checked, and the connection goes to the checked address itself, so
that a name that answers differently a moment later (re-binding) gains nothing. Redirects are not followed, proxies of
the environment are not used.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext

from apps.notifications.errors import BadTarget

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]

NAT64 = ipaddress.ip_network("64:ff9b::/96")
WEB_PORTS = {80, 443}
RESOLVE_S = 5.0


class Forbidden(httpcore.ConnectError):
    """The name leads to an address that nothing may be sent to."""


def is_public(address: Address) -> bool:
    """Whether the address is on the internet; addresses that carry an IPv4 address inside count as that one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_allowed(address: Address) -> bool:
    """Whether the operator has opened this inner network (`NOTIFICATIONS_PRIVATE_NETWORKS`)."""
    return any(address in ipaddress.ip_network(text) for text in settings.NOTIFICATIONS_PRIVATE_NETWORKS)


def is_inner(host: str) -> bool:
    """Whether the host is written as an address of a network that the operator has opened."""
    literal = _literal(host)
    return literal is not None and is_allowed(literal)


def check_url(text: str) -> str:
    """A URL that may be sent to, as far as can be told without resolving its name. Raises BadTarget."""
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadTarget(gettext("This is no web address."), field="target") from None
    if parts.scheme not in ("https", "http") or not host:
        raise BadTarget(gettext("Give a whole address that begins with https://."), field="target")
    if parts.username or parts.password:
        raise BadTarget(gettext("The address may not hold a user name or password."), field="target")
    if parts.fragment:
        raise BadTarget(gettext("Leave out what follows the #: it is never sent."), field="target")
    literal = _literal(host)
    inner = literal is not None and is_allowed(literal)
    if literal is not None and not inner and not is_public(literal):
        raise BadTarget(
            gettext("{host} is an address of an inner network.").format(host=host), field="target"
        )
    if literal is None and (host == "localhost" or host.endswith((".localhost", ".local", ".internal"))):
        raise BadTarget(gettext("{host} is a name of an inner network.").format(host=host), field="target")
    if parts.scheme == "http" and not inner:
        raise BadTarget(gettext("The address must begin with https://."), field="target")
    if port is not None and port < 1024 and port not in WEB_PORTS and not inner:
        raise BadTarget(
            gettext("Port {port} belongs to another service; use 443.").format(port=port), field="target"
        )
    if len(text) > 2000:
        raise BadTarget(gettext("The address is longer than 2,000 characters."), field="target")
    return text


def _literal(host: str) -> Address | None:
    """The address that a host is written as, also in the old forms that connect() understands (127.1, 0x7f000001)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        return None


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Every address of the name."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, resolve: Resolve = resolve_by_system) -> None:
        self.resolve = resolve
        self.network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await asyncio.wait_for(self.resolve(host, port), min(timeout or RESOLVE_S, RESOLVE_S))
        except TimeoutError:
            raise httpcore.ConnectTimeout(
                gettext("the name {host} was not resolved in time").format(host=host)
            ) from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(
                gettext("the name {host} is not known: {error}").format(host=host, error=error)
            ) from None
        addresses = checked(host, port, found)
        last: Exception = httpcore.ConnectError(gettext("{host} has no address").format(host=host))
        for address in addresses[:4]:
            try:
                return await self.network.connect_tcp(str(address), port, timeout=timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        raise Forbidden(gettext("sockets of this machine are not sent to"))

    async def sleep(self, seconds: float) -> None:
        await self.network.sleep(seconds)


def checked(host: str, port: int, found: Sequence[str]) -> list[Address]:
    """All of the name's addresses, or none: one inner address among them is a trick or a mistake. Raises Forbidden."""
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in dict.fromkeys(found)]
    for address in addresses:
        if is_allowed(address):
            continue
        if not is_public(address):
            raise Forbidden(
                gettext("{host} leads to an inner network, which nothing is sent to").format(host=host)
            )
        if port < 1024 and port not in WEB_PORTS:
            raise Forbidden(
                gettext("port {port} belongs to another service, which nothing is sent to").format(port=port)
            )
    return addresses


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport with the guarded network below it."""

    def __init__(self, resolve: Resolve) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        if settings.NOTIFICATIONS_CA_FILE:
            context.load_verify_locations(cafile=settings.NOTIFICATIONS_CA_FILE)
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=128,
            max_keepalive_connections=32,
            keepalive_expiry=5.0,
            network_backend=GuardedBackend(resolve),
        )


def guarded_client(resolve: Resolve = resolve_by_system) -> httpx.AsyncClient:
    """A client for URLs that people gave. Raises httpx.ConnectError for an address that is not to be reached."""
    return httpx.AsyncClient(
        transport=_GuardedTransport(resolve), timeout=20.0, follow_redirects=False, trust_env=False
    )
