"""Mail services by one address each: a mail server, or the API of a service.

smtp://USER:PASSWORD@HOST:PORT      smtps:// (TLS), smtp+tls:// (STARTTLS); Amazon SES has such servers too
postmark://SERVER-TOKEN@
mailgun://API-KEY@SENDER-DOMAIN     ?api_url=https://api.eu.mailgun.net/v3 in Europe
mailjet://API-KEY:SECRET-KEY@
brevo://, mailersend://, resend://, sendgrid://, sparkpost://   with the KEY@
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SMTP = "django.core.mail.backends.smtp.EmailBackend"
SCHEMES = ("smtp", "smtps", "smtp+tls")
# what the name and the password of the address are to the backend of the service
SERVICES = {
    "brevo": ("api_key",),
    "mailersend": ("api_token",),
    "mailgun": ("api_key",),
    "mailjet": ("api_key", "secret_key"),
    "postmark": ("server_token",),
    "resend": ("api_key",),
    "sendgrid": ("api_key",),
    "sparkpost": ("api_key",),
}


def backend_of(url: str) -> dict[str, Any]:
    """`BACKEND` and `OPTIONS` of a mail address. Raises ValueError in words for one that is none."""
    parts = urlsplit(url)
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme in SCHEMES:
        return {
            "BACKEND": SMTP,
            "OPTIONS": {
                "host": parts.hostname or "localhost",
                "port": parts.port or 25,
                "username": name,
                "password": password,
                "use_ssl": parts.scheme == "smtps",
                "use_tls": parts.scheme == "smtp+tls",
            },
        }
    keys = SERVICES.get(parts.scheme)
    if keys is None:
        raise ValueError("is no mail server and no mail service that is known")
    values = [name, password][: len(keys)]
    if not all(values) or (password and len(keys) == 1):
        raise ValueError(
            f"needs {' and '.join(keys)}: {parts.scheme}://{':'.join(key.upper() for key in keys)}@"
        )
    options: dict[str, Any] = dict(zip(keys, values, strict=True))
    if parts.scheme == "mailgun":
        if not parts.hostname:
            raise ValueError("needs the domain that mails are sent from: mailgun://API_KEY@DOMAIN")
        options["sender_domain"] = parts.hostname
    asked = dict(parse_qsl(parts.query))
    if asked.keys() - {"api_url"}:
        raise ValueError(f"knows no {', '.join(sorted(asked.keys() - {'api_url'}))}")
    return {"BACKEND": f"anymail.backends.{parts.scheme}.EmailBackend", "OPTIONS": options | asked}


def anymail_settings(url: str) -> dict[str, Any]:
    """The same for mails that are sent without options: Anymail's own settings."""
    made = backend_of(url)
    if made["BACKEND"] == SMTP:
        return {}
    service = urlsplit(url).scheme.upper()
    return {f"{service}_{name.upper()}": value for name, value in made["OPTIONS"].items()}
