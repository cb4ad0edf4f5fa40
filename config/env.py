"""Settings that come from the environment, checked once at start-up.

A wrong value stops the process with the name of the setting, what was found and what would be right.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from apps.core.secrets.keys import HINT as FIELD_KEYS_HINT
from apps.core.secrets.keys import parse_keys
from config.mail import backend_of

BASE_DIR = Path(__file__).resolve().parent.parent
# the first is written by `make up` for its embedded servers; the environment beats .env, which beats it
ENV_FILES = (BASE_DIR / "var" / "local.env", BASE_DIR / ".env")

DEV_SECRET_KEY = "development-only-key-never-used-in-production-0123456789"  # noqa: S105  prod refuses it

DEV_FIELD_KEYS = "development:ZGV2ZWxvcG1lbnQtb25seS1rZXktb2YtMzItYnl0ZXM="  # as above

HINTS = {
    "secret_key": "set SECRET_KEY to at least 50 random characters, for example: openssl rand -base64 48",
    "secret_key_fallbacks": "comma-separated former values of SECRET_KEY, each of at least 50 characters, newest first",
    "field_keys": FIELD_KEYS_HINT,
    "database_url": "use postgres://USER:PASSWORD@HOST:PORT/NAME",
    "redis_url": "use redis://HOST:PORT/DB (or rediss:// for TLS)",
    "allowed_hosts": "a comma-separated list of host names, for example app.example.com",
    "csrf_trusted_origins": "a comma-separated list of origins with scheme, for example https://app.example.com",
    "trusted_proxies": "comma-separated addresses or networks of your own proxies, for example 10.0.0.0/8, ::1",
    "cors_allowed_origins": "a comma-separated list of origins of other sites, for example https://tools.example.com",
    "site_url": "the public address, for example https://app.example.com",
    "source_url": "where the source can be edited, for example https://code.example.com/candlewright, or nothing",
    "email_fallback_url": "like EMAIL_URL: the server that takes over when the first one fails; empty for none",
    "mail_reports_secret": "NAME:PASSWORD, as in the address that a mail service reports bounces to",
    "notifications_live": "true sends for real; false shows what would be sent",
    "notifications_private_networks": "comma-separated networks of your own that webhooks may reach, or nothing",
    "exchange_gateways": "EXCHANGE=http://HOST:PORT, comma-separated: what its requests go through, or nothing",
    "notifications_ca_file": "a PEM file of certificates that webhooks trust beside the usual ones",
    "twilio_account_sid": "as the console of Twilio shows it: AC and 32 digits",
    "twilio_from": "a number of yours at Twilio (+15551234567), a sender name or a messaging service (MG…)",
    "alert_mail_domain": "the domain whose mail comes to this machine, for example alerts.example.com; empty: no mail",
    "alert_mail_listen": "address and port to wait at, for example 0.0.0.0:25",
    "alert_mail_certificate": "a PEM file with the certificate, what it is signed by and its key",
    "vapid_private_key": "manage.py vapid_key makes one",
    "midtrans_server_key": "dashboard.midtrans.com, Settings, Access keys; those of the sandbox begin with SB-",
    "midtrans_api_base": "only for a Midtrans played on this machine, for example http://127.0.0.1:9901; else empty",
    "seller_address": "the lines of the address on invoices, with | between them",
    "seller_country": "two letters as in ISO 3166-1, for example ID",
    "telegram_bot_token": "@BotFather gives one: digits, a colon and 35 characters",
    "telegram_bot_name": "the bot's name without the @",
    "telegram_webhook_secret": "1 to 256 letters, digits, _ and -; only for updates by webhook",
    "email_url": "use smtp://USER:PASSWORD@HOST:PORT (smtps:// or smtp+tls:// for TLS), or a mail service such as "
    "postmark://TOKEN@ (config/mail.py lists them); empty keeps mail in var/mail",
    "log_format": "json or console",
    "google_client_secret": "both are on console.cloud.google.com, APIs & Services, Credentials",
    "github_client_secret": "both are on github.com/settings/developers, OAuth Apps",
    "oidc_issuer": "the provider's address as its discovery document names it, for example https://login.example.com",
    "oidc_client_secret": "both come from the registration of this site at the provider",
    "geoip_path": "a MaxMind database of cities or countries (.mmdb); empty shows no places",
    "stripe_secret_key": "dashboard.stripe.com, Developers, API keys: sk_test_… or sk_live_…, or a restricted key rk_…",
    "stripe_webhook_secret": "whsec_…, as the webhook's page at dashboard.stripe.com shows it (docs/billing-stripe.md)",
    "stripe_api_base": "leave it out for Stripe itself; another address is for the sandbox on this machine",
    "demo_visits": "true lets strangers look at the demo's workspace without an account, false does not",
    "login_days": "after how many days everybody signs in again, 1 to 365",
    "login_idle_days": "after how many days without use a sign-in ends, 1 to 365",
}

STRIPE = "https://api.stripe.com"

CommaList = Annotated[list[str], NoDecode]


class Env(BaseSettings):
    """Every setting an operator may give; names are those of the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=ENV_FILES, extra="ignore")

    secret_key: str = DEV_SECRET_KEY
    secret_key_fallbacks: CommaList = Field(default_factory=list)
    field_keys: str = DEV_FIELD_KEYS
    database_url: str = "postgres://candlewright@127.0.0.1:54329/candlewright"
    redis_url: str = "redis://127.0.0.1:63799/0"
    allowed_hosts: CommaList = Field(default_factory=list)
    csrf_trusted_origins: CommaList = Field(default_factory=list)
    trusted_proxies: CommaList = Field(default_factory=list)
    cors_allowed_origins: CommaList = Field(default_factory=list)
    site_url: str = "http://127.0.0.1:8000"
    source_url: str = ""
    email_url: str = ""
    email_fallback_url: str = ""
    mail_reports_secret: str = ""
    mailgun_signing_key: str = ""
    notifications_live: bool = False
    notifications_private_networks: CommaList = Field(default_factory=list)
    exchange_gateways: CommaList = Field(default_factory=list)
    notifications_ca_file: str = ""
    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_from: str = ""
    netgsm_usercode: str = ""
    netgsm_password: str = ""
    netgsm_header: str = ""
    vapid_private_key: str = ""
    onesignal_app_id: str = ""
    onesignal_api_key: str = ""
    midtrans_server_key: str = ""
    midtrans_client_key: str = ""
    midtrans_api_base: str = ""
    seller_name: str = "Candlewright"
    seller_address: str = ""
    seller_country: str = ""
    seller_tax_id: str = ""
    seller_email: str = ""
    telegram_bot_token: str = ""
    telegram_bot_name: str = ""
    telegram_webhook_secret: str = ""
    alert_mail_domain: str = ""
    alert_mail_listen: str = "127.0.0.1:8025"
    alert_mail_certificate: str = ""
    default_from_email: str = "Candlewright <no-reply@candlewright.example>"
    log_format: Literal["json", "console"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    var_dir: str = ""
    sentry_dsn: str = ""
    geoip_path: str = ""
    google_client_id: str = ""
    google_client_secret: str = Field(default="", validate_default=True)
    github_client_id: str = ""
    github_client_secret: str = Field(default="", validate_default=True)
    oidc_issuer: str = ""
    oidc_name: str = "OpenID Connect"
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", validate_default=True)
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = Field(default="", validate_default=True)
    stripe_api_base: str = STRIPE
    stripe_automatic_tax: bool = False
    demo_visits: bool = True
    login_days: int = Field(default=90, ge=1, le=365)
    login_idle_days: int = Field(default=14, ge=1, le=365)

    @field_validator(
        "secret_key_fallbacks",
        "allowed_hosts",
        "csrf_trusted_origins",
        "cors_allowed_origins",
        "trusted_proxies",
        "notifications_private_networks",
        "exchange_gateways",
        mode="before",
    )
    @classmethod
    def split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("secret_key_fallbacks")
    @classmethod
    def are_long(cls, value: list[str]) -> list[str]:
        for number, key in enumerate(value, start=1):
            if len(key) < 50:
                raise ValueError(f"number {number} is shorter than 50 characters, so it was never in force")
        return value

    @field_validator("field_keys")
    @classmethod
    def are_keys(cls, value: str) -> str:
        parse_keys(value)
        return value

    @field_validator("database_url")
    @classmethod
    def is_postgres(cls, value: str) -> str:
        if not value.startswith(("postgres://", "postgresql://")):
            raise ValueError("is not a PostgreSQL address")
        return value

    @field_validator("redis_url")
    @classmethod
    def is_redis(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("is not a Redis address")
        return value

    @field_validator("site_url", "source_url")
    @classmethod
    def is_web(cls, value: str, info: ValidationInfo) -> str:
        if info.field_name == "source_url" and not value:
            return value
        if not value.startswith(("http://", "https://")):
            raise ValueError("is not a web address")
        return value.rstrip("/")

    @field_validator("email_url", "email_fallback_url")
    @classmethod
    def is_mail(cls, value: str) -> str:
        if value:
            backend_of(value)
        return value

    @field_validator("mail_reports_secret")
    @classmethod
    def is_name_and_password(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^:\s]+:\S{16,}", value):
            raise ValueError("is no name, a colon and a password of at least 16 characters")
        return value

    @field_validator("cors_allowed_origins")
    @classmethod
    def are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path or parts.query:
                raise ValueError("holds something that is no origin: scheme, host and port, no path, no *")
        return value

    @field_validator("trusted_proxies", "notifications_private_networks")
    @classmethod
    def are_networks(cls, value: list[str]) -> list[str]:
        return [str(ip_network(text)) for text in value]

    @field_validator("exchange_gateways")
    @classmethod
    def name_an_exchange_and_an_address(cls, value: list[str]) -> list[str]:
        for text in value:
            exchange, equals, address = text.partition("=")
            if not (equals and exchange.isalnum() and address.startswith(("http://", "https://"))):
                raise ValueError(f"{text} is no EXCHANGE=ADDRESS")
        return value

    @field_validator("google_client_secret", "github_client_secret", "oidc_client_secret")
    @classmethod
    def comes_with_its_id(cls, value: str, info: ValidationInfo) -> str:
        name = (info.field_name or "").replace("_secret", "_id")
        if bool(value) != bool(info.data.get(name)):
            raise ValueError(f"and {name.upper()} belong together: give both or none")
        return value

    @field_validator("stripe_secret_key")
    @classmethod
    def is_stripe_key(cls, value: str) -> str:
        if value and not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9]{24,}", value):
            raise ValueError("is no secret key of Stripe")
        return value

    @field_validator("stripe_webhook_secret")
    @classmethod
    def comes_with_the_key(cls, value: str, info: ValidationInfo) -> str:
        if bool(value) != bool(info.data.get("stripe_secret_key")):
            raise ValueError("and STRIPE_SECRET_KEY belong together: give both or none")
        if value and not value.startswith("whsec_"):
            raise ValueError("is no secret of a webhook")
        return value

    @field_validator("stripe_api_base")
    @classmethod
    def is_https_or_this_machine(cls, value: str) -> str:
        value = value.rstrip("/")
        if not re.fullmatch(r"https://[^/]+|http://(127\.0\.0\.1|localhost)(:\d+)?", value):
            raise ValueError("is no https address without a path")
        return value

    @field_validator("vapid_private_key")
    @classmethod
    def is_key(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_-]{43}=?", value):
            raise ValueError("is no key: 32 bytes in base64url")
        return value

    @field_validator("midtrans_server_key")
    @classmethod
    def is_server_key(cls, value: str) -> str:
        if value and "server" not in value:
            raise ValueError("is no server key (the client key has another setting)")
        return value

    @field_validator("midtrans_api_base")
    @classmethod
    def is_api_base(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("is not a web address")
        return value.rstrip("/")

    @field_validator("seller_country")
    @classmethod
    def is_country(cls, value: str) -> str:
        if not re.fullmatch(r"([A-Z]{2})?", value):
            raise ValueError("is no country")
        return value

    @field_validator("telegram_bot_token")
    @classmethod
    def is_token(cls, value: str) -> str:
        if value and not re.fullmatch(r"\d+:[A-Za-z0-9_-]+", value):
            raise ValueError("is no token of a bot")
        return value

    @field_validator("telegram_bot_name")
    @classmethod
    def is_bot(cls, value: str) -> str:
        if not re.fullmatch(r"\w*", value):
            raise ValueError("is no name of a bot")
        return value

    @field_validator("telegram_webhook_secret")
    @classmethod
    def can_be_a_header(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value):
            raise ValueError("holds other characters or is too long")
        return value

    @field_validator("twilio_account_sid")
    @classmethod
    def is_account(cls, value: str) -> str:
        if value and not (value.startswith("AC") and len(value) == 34):
            raise ValueError("is no account of Twilio")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def is_issuer(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("is not an https address")
        return value.rstrip("/")

    @field_validator("alert_mail_domain")
    @classmethod
    def is_domain(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", value):
            raise ValueError("is no domain")
        return value.lower()

    @field_validator("alert_mail_listen")
    @classmethod
    def is_host_and_port(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("is no address and port")
        return value

    @field_validator("geoip_path", "notifications_ca_file", "alert_mail_certificate")
    @classmethod
    def is_file(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError("names no file")
        return value

    @field_validator("csrf_trusted_origins")
    @classmethod
    def have_schemes(cls, value: list[str]) -> list[str]:
        for origin in value:
            if not origin.startswith(("http://", "https://")):
                raise ValueError(f"{origin!r} has no scheme")
        return value


def load_env() -> Env:
    """Read the environment.

    Raises ImproperlyConfigured with one line for each wrong setting: its name, what is wrong, the fix.
    """
    try:
        return Env()
    except ValidationError as error:
        raise ImproperlyConfigured(describe(error)) from None


def describe(error: ValidationError) -> str:
    """One line per wrong setting; values are left out, since they may be secrets."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0])
        reason = problem["msg"].removeprefix("Value error, ")
        hint = HINTS.get(name, "")
        lines.append(f"{name.upper()}: {reason}" + (f" — {hint}" if hint else ""))
    return "Wrong settings:\n  " + "\n  ".join(lines)
