"""Which other sites sign people in: those whose client id and secret the environment gives."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from config.env import Env


def social_providers(env: Env) -> dict[str, Any]:
    """allauth's SOCIALACCOUNT_PROVIDERS. What has no client id has no button."""
    found: dict[str, Any] = {}
    if env.google_client_id:
        found["google"] = {
            "APPS": [{"client_id": env.google_client_id, "secret": env.google_client_secret}],
            "SCOPE": ["profile", "email"],
            "OAUTH_PKCE_ENABLED": True,
        }
    if env.github_client_id:
        found["github"] = {
            "APPS": [{"client_id": env.github_client_id, "secret": env.github_client_secret}],
            "SCOPE": ["read:user", "user:email"],
            "OAUTH_PKCE_ENABLED": True,
        }
    if env.oidc_client_id:
        app = {
            "provider_id": "oidc",
            "name": env.oidc_name,
            "client_id": env.oidc_client_id,
            "secret": env.oidc_client_secret,
            "settings": {"server_url": env.oidc_issuer},
        }
        found["openid_connect"] = {"APPS": [app]}
    return found


def social_origins(env: Env) -> list[str]:
    """Where the buttons' forms lead, for the Content-Security-Policy."""
    origins = []
    if env.google_client_id:
        origins.append("https://accounts.google.com")
    if env.github_client_id:
        origins.append("https://github.com")
    if env.oidc_client_id:
        parts = urlsplit(env.oidc_issuer)
        origins.append(f"{parts.scheme}://{parts.netloc}")
    return origins
