"""Who calls the API: a program with a key, or a browser with its session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.middleware import enter, membership_asked_for
from apps.accounts.models import ApiKey
from apps.accounts.selectors import key_for_secret, membership_in
from apps.accounts.services import KEY_PREFIX

# "last used" is for people; a write on every request would be work for nothing
LAST_USED_PRECISION = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cw_…`; sets `request.workspace` to the key's workspace."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if not secret.startswith(KEY_PREFIX):
            raise AuthenticationFailed(
                f"An API key starts with {KEY_PREFIX}; make one under Settings, API keys."
            )
        key = key_for_secret(secret)
        if key is None:
            raise AuthenticationFailed("This API key is unknown or has been revoked.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        enter(request._request, membership_in(key.user, key.workspace_id))
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class WorkspaceSessionAuthentication(SessionAuthentication):
    """The browser's session, with Django's CSRF check; a stranger is 401 through the key scheme above."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        result = super().authenticate(request)
        if result:
            enter(request._request, membership_asked_for(request._request, result[0]))
        return result
