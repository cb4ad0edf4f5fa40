"""How the three ways to authenticate are written in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": (
                "A workspace's API key: `Authorization: Bearer cw_…`. It works in its own workspace, within its scopes "
                "and its maker's present role. It matches `cw_[0-9A-Za-z]{49}`."
            ),
        }


class AccessTokenScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.api.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": (
                "A person's access token from `/api/v1/auth/login/`, which holds for ten minutes. The header "
                "`X-Workspace` (a workspace's uuid) chooses the workspace; without it it is the person's own."
            ),
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "apps.accounts.api.authentication.WorkspaceSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": (
                "A browser's session. Requests that change something also send the cookie `csrftoken` in the header "
                "`X-CSRFToken`."
            ),
        }
