"""Production: HTTPS only; weak or missing settings stop the start with the fix named."""

from django.core.exceptions import ImproperlyConfigured

from config.env import DEV_FIELD_KEYS, DEV_SECRET_KEY, HINTS
from config.settings.base import *  # noqa: F403
from config.settings.base import env

SHOW_DEV_MAIL = False
_problems = []
if env.secret_key == DEV_SECRET_KEY or len(env.secret_key) < 50:
    _problems.append(f"SECRET_KEY: missing or shorter than 50 characters — {HINTS['secret_key']}")
if env.field_keys == DEV_FIELD_KEYS:
    _problems.append(f"FIELD_KEYS: missing — {HINTS['field_keys']}")
if not env.allowed_hosts or "*" in env.allowed_hosts:
    _problems.append(f"ALLOWED_HOSTS: must name the hosts served — {HINTS['allowed_hosts']}")
if not env.site_url.startswith("https://"):
    _problems.append(f"SITE_URL: must start with https:// — {HINTS['site_url']}")
if not env.email_url:
    _problems.append(f"EMAIL_URL: missing, no mail could be sent — {HINTS['email_url']}")
if not env.stripe_api_base.startswith("https://"):
    _problems.append(f"STRIPE_API_BASE: a sandbox takes no money — {HINTS['stripe_api_base']}")
if env.midtrans_api_base:
    _problems.append(f"MIDTRANS_API_BASE: payments must reach Midtrans itself — {HINTS['midtrans_api_base']}")
if _problems:
    raise ImproperlyConfigured("Wrong settings:\n  " + "\n  ".join(_problems))

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 31536000
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
LANGUAGE_COOKIE_SECURE = True

if env.sentry_dsn:
    import sentry_sdk

    sentry_sdk.init(dsn=env.sentry_dsn, send_default_pii=False)
