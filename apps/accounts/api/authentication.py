"""Who calls the API: a program with a key, a program with a person's access token, or a browser with its session.

Keys and tokens cost one query each: credential, person, workspace and role together. What a key or token may not do any
longer shows at the next request.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model, Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.access_tokens import BadAccessToken, read_access_token
from apps.accounts.credentials import API_KEY, REFRESH_TOKEN, is_well_formed
from apps.accounts.errors import AddressNotAllowed
from apps.accounts.middleware import HEADER, enter, membership_asked_for
from apps.accounts.selectors import key_of_secret, login_of_token
from apps.core.client_ip import client_ip, in_networks
from apps.core.errors import NotFound
from apps.core.request_context import API_KEY as VIA_API_KEY
from apps.core.request_context import TOKEN as VIA_TOKEN
from apps.core.request_context import came_via
from apps.core.visiting import is_visit

# "last used" is for people; a write on every request would be work for nothing
LAST_USED_PRECISION = timedelta(minutes=1)


class BearerAuthentication(BaseAuthentication):
    """The base of both: `Authorization: Bearer …`. Anything else is left to the browser's session."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        return self.enter(request, secret.strip()) if scheme.lower() == "bearer" else None

    def enter(self, request: Request, secret: str) -> tuple[Any, Any] | None:
        raise NotImplementedError

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class ApiKeyAuthentication(BearerAuthentication):
    """`Bearer cw_…`: works in the key's workspace, within its scopes and its person's present role."""

    def enter(self, request: Request, secret: str) -> tuple[Any, Any] | None:
        if not secret.startswith(API_KEY):
            return None
        found = key_of_secret(secret)
        if found is None:
            if is_well_formed(secret, API_KEY):
                raise AuthenticationFailed("This API key is unknown.", code="api_key_unknown")
            raise AuthenticationFailed(
                "This API key is mistyped or cut off: its checksum does not fit. It is cw_ and 49 letters and digits.",
                code="api_key_malformed",
            )
        key, membership = found
        now = timezone.now()
        if key.revoked_at:
            raise AuthenticationFailed(
                f"This API key was revoked on {key.revoked_at:%Y-%m-%d}.", code="api_key_revoked"
            )
        if not key.is_live(now):
            raise AuthenticationFailed(
                f"This API key ended on {key.expires_at:%Y-%m-%d %H:%M} UTC.", code="api_key_expired"
            )
        if not key.user.is_active:
            raise AuthenticationFailed("The account of this key is suspended.", code="account_suspended")
        if membership is None:
            raise AuthenticationFailed(
                "The maker of this key has left its workspace.", code="api_key_without_member"
            )
        ip = client_ip(request._request)
        if key.allowed_networks and not in_networks(ip, key.allowed_networks):
            raise AddressNotAllowed(f"This API key may not be used from {ip or 'an unknown address'}.")
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION:
            _note_use(key, "last_used_at", now, last_used_ip=ip)
        enter(request._request, membership, scopes=key.scopes)
        came_via(VIA_API_KEY, f"{key.name} ({key.prefix}…)")
        return key.user, key


class AccessTokenAuthentication(BearerAuthentication):
    """`Bearer` with a JWT of `auth/login`: works as the person, in their own workspace or that of `X-Workspace`."""

    def enter(self, request: Request, secret: str) -> tuple[Any, Any] | None:
        if secret.startswith(REFRESH_TOKEN):
            raise AuthenticationFailed(
                "This is a refresh token; exchange it for an access token at /api/v1/auth/refresh/.",
                code="token_invalid",
            )
        try:
            login_uuid = read_access_token(secret)
        except BadAccessToken as error:
            raise AuthenticationFailed(error.message, code=error.code) from None
        asked = request.headers.get(HEADER)
        try:
            workspace = UUID(asked) if asked else None
        except ValueError:
            raise NotFound(f"You are in no workspace {asked!r:.40}.") from None
        found = login_of_token(login_uuid, workspace)
        now = timezone.now()
        if found is None or found[0].ended_at or found[0].expires_at <= now:
            raise AuthenticationFailed("This log-in has ended. Log in again.", code="login_ended")
        login, membership = found
        if not login.user.is_active:
            raise AuthenticationFailed("This account is suspended.", code="account_suspended")
        if workspace and (membership is None or membership.workspace.uuid != workspace):
            raise NotFound(f"You are in no workspace {workspace}.")
        if membership is None:  # somebody made by command: the first use makes the person's own workspace
            membership = membership_asked_for(request._request, login.user)
        if now - login.last_seen_at > LAST_USED_PRECISION:
            _note_use(login, "last_seen_at", now, ip=client_ip(request._request))
        request._request.login = login  # type: ignore[attr-defined]
        enter(request._request, membership)
        came_via(VIA_TOKEN, login.label)
        return login.user, login


class WorkspaceSessionAuthentication(SessionAuthentication):
    """The browser's session, with Django's CSRF check; a stranger is 401 through the bearer scheme above."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        result = super().authenticate(request)
        if result is None and is_visit(request._request):
            # a look at the demo: its middleware let this request through as the guest, who has no log-in
            self.enforce_csrf(request)
            result = (request._request.user, None)
        if result:
            enter(request._request, membership_asked_for(request._request, result[0]))
        return result


def _note_use(row: Model, column: str, now: datetime, **values: Any) -> None:
    """Note when and from where a key or log-in was used; of requests at the same time one writes."""
    unused = Q(**{column: None}) | Q(**{f"{column}__lt": now - LAST_USED_PRECISION})
    type(row)._default_manager.filter(unused, pk=row.pk).update(**{column: now}, **values)
