"""The `requests` that Apprise's services get from us: the same calls, behind the guard against inner networks.

Every call goes out by a session of its own: to checked addresses only, without redirects, without proxies of the
environment, with certificates verified and with time limits, whatever the service asks for.
"""

from __future__ import annotations

import socket
from threading import local
from typing import Any

import requests
import urllib3
from django.utils.translation import gettext
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from apps.notifications.channels.guard import Forbidden, checked, is_allowed

TIMEOUT_S = (5.0, 10.0)
MOST_BYTES = 16_384

seen = local()  # `response` and `error` of the last call in this thread


class _Guarded:
    """Mixed into a connection: where it may lead is decided here."""

    host: str
    port: int
    timeout: Any
    only_inner = False

    def _new_conn(self) -> socket.socket:
        host = self.host.rstrip(".")
        try:
            found = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(host, self, socket.gaierror(str(error))) from None  # type: ignore[arg-type]
        addresses = checked(host, self.port, [str(entry[4][0]) for entry in found])
        if self.only_inner and not all(map(is_allowed, addresses)):
            raise Forbidden(gettext("only https is sent to the internet"))
        try:
            return create_connection((str(addresses[0]), self.port), self.timeout)
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error  # type: ignore[arg-type]


class _Http(_Guarded, HTTPConnection):
    only_inner = True


class _Https(_Guarded, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class GuardedRequests:
    """Stands where a service's module expects `requests`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        options |= {"allow_redirects": False, "verify": True, "timeout": TIMEOUT_S, "stream": True}
        options.pop("proxies", None)
        seen.response = seen.error = None
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", _Adapter())
            session.mount("https://", _Adapter())
            try:
                response = session.request(method, url, **options)
                response._content = response.raw.read(MOST_BYTES, decode_content=True)
            except Forbidden as error:
                seen.error = error
                raise requests.ConnectionError(str(error)) from error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                seen.error = error
                raise requests.ConnectionError(type(error).__name__) from error
        seen.response = response
        return response

    def get(self, url: str, params: Any = None, **options: Any) -> requests.Response:
        return self.request("GET", url, params=params, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", url, data=data, **options)
