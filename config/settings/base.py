"""Settings shared by every environment. What differs between machines comes from config/env.py."""

from __future__ import annotations

from email.utils import parseaddr
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.templatetags.static import static
from django.utils.translation import gettext_lazy
from psycopg.conninfo import conninfo_to_dict

from config.env import load_env
from config.logs import configure_logging
from config.mail import SMTP, anymail_settings, backend_of
from config.social import social_origins, social_providers
from config.stripe import stand_in, stripe_origins

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = load_env()
VAR_DIR = Path(env.var_dir) if env.var_dir else BASE_DIR / "var"

SECRET_KEY = env.secret_key
SECRET_KEY_FALLBACKS = env.secret_key_fallbacks
FIELD_KEYS = env.field_keys
DEBUG = False
ALLOWED_HOSTS = env.allowed_hosts
CSRF_TRUSTED_ORIGINS = env.csrf_trusted_origins
TRUSTED_PROXIES = env.trusted_proxies  # read by apps/core/client_ip.py alone
SITE_URL = env.site_url
SOURCE_URL = env.source_url  # where the project's files can be edited: the docs link there
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.admin.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_otp",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "channels",
    "django_celery_beat",
    "django_cotton",
    "django_htmx",
    "django_structlog",
    "guardian",
    "djstripe",
    "apps.core",
    "apps.journal",
    "apps.accounts",
    "apps.notifications",
    "apps.billing",
    "apps.markets",
    "apps.formulas",
    "apps.backtests",
    "apps.signals",
    "apps.trading",
    "apps.bots",
    "apps.guides",
    "apps.pages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "apps.core.middleware.ApiSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "apps.accounts.language.LanguageMiddleware",  # behind those who know the person, before all who write words
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "apps.core.request_context.RequestContextMiddleware",
    "apps.core.api.middleware.ApiMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.sessions.LoginMiddleware",
    "apps.accounts.impersonation.ImpersonationMiddleware",
    "apps.pages.visits.VisitMiddleware",
    "apps.accounts.appearance.AppearanceMiddleware",
    "apps.accounts.middleware.WorkspaceMiddleware",
    "apps.core.middleware.DomainErrorMiddleware",
    "apps.accounts.guards.GuardMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.site",
                "apps.accounts.appearance.appearance",
            ],
        },
    },
]


def database_from_url(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a PostgreSQL URL; query parameters (sslmode …) are passed on as options."""
    parts = conninfo_to_dict(url)
    known = {
        "NAME": parts.pop("dbname", "candlewright"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        **known,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


DATABASES = {"default": database_from_url(env.database_url)}
REDIS_URL = env.redis_url

CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "apps.core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "candlewright",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # a lost Redis must not log people out

# Tells connections to end; events go by streams (apps/core/live).
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # redis-py's default socket time-out of 5 s would drop idle lines
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}]},
    }
}

AUTH_USER_MODEL = "accounts.User"
JOURNAL_WORKSPACE_MODEL = "accounts.Workspace"  # for the journal's commands, which stand below the accounts
SILENCED_SYSTEM_CHECKS = [
    "auth.W004"
]  # the address is unique, whatever its case, by a constraint on Lower(email)
AUTHENTICATION_BACKENDS = ["apps.accounts.backends.Backend", "guardian.backends.ObjectPermissionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# django-guardian holds who outside may see one formula; roles in a workspace are apps.accounts.rules
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "pages:dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "pages:landing"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.accounts.account_forms.LoginForm",
    "signup": "apps.accounts.account_forms.SignupForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",
    "add_email": "apps.accounts.account_forms.AddEmailForm",
    "change_password": "apps.accounts.account_forms.ChangePasswordForm",
    "reset_password_from_key": "apps.accounts.account_forms.ResetPasswordKeyForm",
    "set_password": "apps.accounts.account_forms.SetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"  # one can start at once; a reminder stays until confirmed
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CONFIRM_EMAIL_ON_GET = False  # scanners of mail open links; only the button proves the address
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True  # the old address stays until the new one is confirmed
# Guessing is slowed down by apps.accounts.services.throttling, in which nobody is locked out by somebody else.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "20/m/ip"}
LOGIN_LASTS_DAYS = env.login_days
DEMO_VISITS = env.demo_visits  # strangers may look at the demo's workspace, where the demo is loaded
GEOIP_PATH = env.geoip_path
SOCIALACCOUNT_ADAPTER = "apps.accounts.social.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # a new account needs an address that the provider has confirmed
SOCIALACCOUNT_PROVIDERS = social_providers(env)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SITE_URL.startswith("https") else "http"

LANGUAGE_CODE = "en"
# Each by its own name, which is how one looks for it.
LANGUAGES = [("en", "English"), ("tr", "Türkçe"), ("id", "Bahasa Indonesia"), ("hi", "हिन्दी")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = "config.formats"  # dates as 2026-11-21 and hours to 24, also in the admin
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

DEFAULT_FROM_EMAIL = env.default_from_email
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DIR = VAR_DIR / "mail"
if env.email_url:
    _mail = backend_of(env.email_url)
    EMAIL_BACKEND = _mail["BACKEND"]
    ANYMAIL = anymail_settings(env.email_url)
    if EMAIL_BACKEND == SMTP:
        EMAIL_HOST = _mail["OPTIONS"]["host"]
        EMAIL_PORT = _mail["OPTIONS"]["port"]
        EMAIL_HOST_USER = _mail["OPTIONS"]["username"]
        EMAIL_HOST_PASSWORD = _mail["OPTIONS"]["password"]
        EMAIL_USE_SSL = _mail["OPTIONS"]["use_ssl"]
        EMAIL_USE_TLS = _mail["OPTIONS"]["use_tls"]
        EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)

# Off: everything happens except the call to the outside; deliveries end as a dry run that shows what would be sent.
NOTIFICATIONS_LIVE = env.notifications_live
# In order: an empty entry is the mail backend above, what follows takes over when it fails.
NOTIFICATIONS_EMAIL: dict[str, dict[str, Any]] = {"main": {}}
if env.email_fallback_url:
    NOTIFICATIONS_EMAIL["fallback"] = backend_of(env.email_fallback_url)
MAIL_REPORTS_SECRET = env.mail_reports_secret  # NAME:PASSWORD by which services of mail report bounces
MAILGUN_SIGNING_KEY = env.mailgun_signing_key  # theirs are signed
NOTIFICATIONS_CREDITS: dict[str, int] = {}  # by channel, where it is not the channel's own price
NOTIFICATIONS_PRIVATE_NETWORKS = env.notifications_private_networks  # that webhooks may reach all the same
# Addresses that requests to exchanges go through, by CCXT's name of the exchange: http://HOST:PORT/api.binance.com/…
EXCHANGE_GATEWAYS = dict(text.split("=", 1) for text in env.exchange_gateways)
# How long an exchange may let a signed request lie before it must refuse it, and how far two clocks may be apart.
EXCHANGE_RECV_WINDOW_MS = 5_000
EXCHANGE_CLOCK_MARGIN_MS = 5_000
EXCHANGE_TIMEOUT_MS = 10_000
EXCHANGE_PACED = True  # requests of a connection keep to the exchange's limits
EXCHANGE_CIRCUIT: dict[str, Any] = {"faults": 3, "pause_s": 5.0, "longest_s": 120.0}
EXCHANGE_ORDER_GOOD_FOR_S = (
    300  # an order whose intent names no end and that could not be sent until then expires
)
ALERT_MAIL_DOMAIN = (
    env.alert_mail_domain
)  # mail to TOKEN@ it becomes an alert; empty: there is no such source
ALERT_MAIL_LISTEN = env.alert_mail_listen
ALERT_MAIL_CERTIFICATE = env.alert_mail_certificate
NOTIFICATIONS_CA_FILE = env.notifications_ca_file  # trusted by them beside the usual authorities
TWILIO_API_URL = "https://api.twilio.com"
MIDTRANS_SERVER_KEY = env.midtrans_server_key
MIDTRANS_CLIENT_KEY = env.midtrans_client_key
MIDTRANS_API_BASE = env.midtrans_api_base
# Who sells, as it stands on invoices of our own.
SELLER = {
    "name": env.seller_name,
    "address": env.seller_address,
    "country": env.seller_country,
    "tax_id": env.seller_tax_id,
    "email": env.seller_email,
}
TWILIO_ACCOUNT_SID = env.twilio_account_sid
TWILIO_AUTH_TOKEN = env.twilio_auth_token
TWILIO_FROM = env.twilio_from
NETGSM_API_URL = "https://api.netgsm.com.tr"
NETGSM_USERCODE = env.netgsm_usercode
NETGSM_PASSWORD = env.netgsm_password
NETGSM_HEADER = env.netgsm_header
VAPID_PRIVATE_KEY = env.vapid_private_key
VAPID_CONTACT = parseaddr(env.default_from_email)[1]  # whom push services write to when we do harm
ONESIGNAL_API_URL = "https://api.onesignal.com"
ONESIGNAL_APP_ID = env.onesignal_app_id
ONESIGNAL_API_KEY = env.onesignal_api_key
TELEGRAM_API_URL = "https://api.telegram.org"
TELEGRAM_BOT_TOKEN = env.telegram_bot_token
TELEGRAM_BOT_NAME = env.telegram_bot_name
TELEGRAM_WEBHOOK_SECRET = env.telegram_webhook_secret
STRIPE_KEY = env.stripe_secret_key
STRIPE_SECRET_KEY = stand_in(
    STRIPE_KEY
)  # what dj-stripe takes for the key and writes down; see config/stripe.py
STRIPE_WEBHOOK_SECRET = env.stripe_webhook_secret
STRIPE_API_BASE = env.stripe_api_base
STRIPE_API_VERSION = "2026-05-27.dahlia"  # the shapes of objects that apps/billing/gateways/stripe reads
STRIPE_AUTOMATIC_TAX = env.stripe_automatic_tax
STRIPE_TIMEOUT_S = 20
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
# dj-stripe's own take two minutes; this one makes the same tables, which tests/billing/stripe/test_schema.py compares
MIGRATION_MODULES = {"djstripe": "apps.billing.gateways.stripe.migrations"}
NOTIFICATIONS_CIRCUIT: dict[str, Any] = {"faults": 3, "pause_s": 5.0, "longest_s": 300.0}

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "signals.*": {"queue": "signals"},
    "notifications.*": {"queue": "notifications"},
    "bots.watch_heartbeats": {"queue": "default"},  # tells when the queue of bots is not worked off
    "bots.follow_causes": {"queue": "default"},  # a kill switch waits for no bars
    "bots.*": {"queue": "bots"},
    "trading.*": {"queue": "trading"},
    "backtests.*": {"queue": "research"},
    "billing.*": {"queue": "billing"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 5}
# A lost Redis only delays: what was not queued is found again by the periodic sweeps below.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "markets-watch": {"task": "markets.watch_feeds", "schedule": 15.0},
    "backtests-resume": {"task": "backtests.resume_jobs", "schedule": 15.0},
    "signals-settle": {"task": "signals.settle_firings", "schedule": 5.0},
    "signals-end": {"task": "signals.end_left_signals", "schedule": crontab(minute=25)},
    "signals-intake": {"task": "signals.look_after_intake", "schedule": 30.0},
    "signals-sweep": {"task": "signals.sweep_alerts", "schedule": 5.0},
    "signals-seal": {"task": "signals.seal", "schedule": 20.0},
    "signals-measure": {"task": "signals.measure_outcomes", "schedule": 60.0},
    "signals-verify": {"task": "signals.verify_chains", "schedule": crontab(hour=4, minute=10)},
    "trading-sweep": {"task": "trading.sweep", "schedule": 5.0},
    "trading-compare": {"task": "trading.compare", "schedule": 60.0},
    "trading-mark": {"task": "trading.mark_books", "schedule": 60.0},
    "trading-slippage": {
        "task": "trading.fit_slippage",
        "schedule": crontab(day_of_week="sunday", hour=1, minute=30),
    },
    "notifications-send": {"task": "notifications.send_due", "schedule": 5.0},
    "notifications-measure": {"task": "notifications.measure_speeds", "schedule": crontab(minute="*/15")},
    "bots-sweep": {"task": "bots.sweep", "schedule": 5.0},
    "bots-parity": {"task": "bots.check_parity", "schedule": crontab(hour=2, minute=20)},
    "bots-watch": {"task": "bots.watch_heartbeats", "schedule": 15.0},
    "accounts-mail": {"task": "accounts.send_due_mail", "schedule": 30.0},
    "accounts-tidy": {"task": "accounts.tidy_logins", "schedule": 60.0},
    "journal-seal": {"task": "journal.seal_entries", "schedule": 60.0},
    "journal-verify": {"task": "journal.verify_all", "schedule": crontab(hour=3, minute=40)},
    "journal-consume": {"task": "journal.run_consumers", "schedule": 2.0},
    "accounts-privacy": {"task": "accounts.carry_out_privacy", "schedule": 60.0},
    "billing-grant": {"task": "billing.grant_plan_credits", "schedule": 60.0},
    "billing-expire": {"task": "billing.expire_credits", "schedule": 60.0},
    "billing-trials": {"task": "billing.end_trials", "schedule": 60.0},
    "billing-limits": {"task": "billing.tell_of_limits", "schedule": 300.0},
    "billing-events": {"task": "billing.work_off_due", "schedule": 30.0},
    "billing-checkouts": {"task": "billing.expire_checkouts", "schedule": 300.0},
    "billing-leavers": {"task": "billing.end_those_of_leavers", "schedule": 3600.0},
    "billing-remind": {"task": "billing.remind", "schedule": 3600.0},
    "billing-usage": {"task": "billing.roll_up_usage", "schedule": 300.0},
    "pages-receipts": {
        "task": "pages.tell_receipts",
        "schedule": crontab(day_of_month="1-3", hour=6, minute=10),
    },
    "billing-mirror": {"task": "billing.mirror_lately", "schedule": 300.0},
    "billing-mirror-all": {"task": "billing.catch_up_mirror", "schedule": crontab(hour=4, minute=40)},
    "billing-renew": {"task": "billing.renew", "schedule": crontab(minute=35)},
    "billing-refunds": {"task": "billing.carry_out_refunds", "schedule": 300.0},
    "billing-reconcile": {"task": "billing.reconcile", "schedule": crontab(hour=4, minute=20)},
    "billing-verify": {"task": "billing.verify_credits", "schedule": crontab(hour=3, minute=50)},
    "accounts-purge": {"task": "accounts.purge", "schedule": crontab(hour=3, minute=40)},
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # apps.core.client_ip decides which headers to believe

# Rows in a menu; the others are found by a search. Thousands help nobody and take longer than the page.
MOST_CHOICES = 200

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.ApiKeyAuthentication",
        "apps.accounts.api.authentication.AccessTokenAuthentication",
        "apps.accounts.api.authentication.WorkspaceSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.needs.HoldsRight"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.CursorPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["apps.core.api.throttling.ApiThrottle"],
}
# Pages of other sites may call the API with a key or a token, and never with our cookies.
CORS_ALLOWED_ORIGINS = env.cors_allowed_origins
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
]
CORS_EXPOSE_HEADERS = [
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "Sunset",
    "X-Request-ID",
]
API_LOG_THREAD = True  # writes the request log
SPECTACULAR_SETTINGS = {
    "TITLE": "Candlewright API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": (
        "Everything a page shows, a program can ask for.\n\n"
        "Make a key under *Settings, API keys*, press **Authorize**, paste it at `apiKey`, and every operation below "
        "can be tried. A program sends it as `Authorization: Bearer cw_…`.\n\n"
        "- Refusals are `application/problem+json` (RFC 9457) with a stable `code`.\n"
        "- Lists come newest first by cursor: follow `next`. `fields=uuid,name` leaves the other members out.\n"
        "- `Idempotency-Key` makes a POST safe to send again.\n"
        "- PUT and PATCH need the `ETag` that was read, in `If-Match`.\n"
        "- `RateLimit-*` tell what is left of the minute; after 429 wait `Retry-After` seconds.\n"
        "- v1 only grows. What will go says so half a year ahead, by `Deprecation` and `Sunset`."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.api.schema.complete",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # several rooms have a field `status`: this is the one of research
    "ENUM_NAME_OVERRIDES": {
        "UrgencyEnum": "apps.notifications.api.fields.URGENCIES",
        "NotificationModeEnum": "apps.notifications.choices.Mode.choices",
        "DeliveryStatusEnum": "apps.notifications.choices.DeliveryStatus.choices",
        "AlertStatusEnum": "apps.signals.choices.AlertStatus.choices",
        "SignalStatusEnum": "apps.signals.choices.SignalStatus.choices",
        "TradeSideEnum": "apps.trading.choices.Side.choices",
        "OrderKindEnum": "apps.trading.choices.OrderKind.choices",
        "OrderStatusEnum": "apps.trading.choices.OrderStatus.choices",
        "OrderEventKindEnum": "apps.trading.choices.EventKind.choices",
        "TradingAccountKindEnum": "apps.trading.choices.AccountKind.choices",
        "SignalActionEnum": "apps.signals.choices.Action.choices",
        "CreditAccountEnum": "apps.billing.choices.Account.choices",
        "BillingStatusEnum": "apps.billing.choices.SubscriptionStatus.choices",
        "CheckoutStatusEnum": "apps.billing.choices.CheckoutStatus.choices",
        "PaymentStatusEnum": "apps.billing.choices.PaymentStatus.choices",
        "RefundStatusEnum": "apps.billing.choices.RefundStatus.choices",
        "InvoiceStatusEnum": "apps.billing.choices.InvoiceStatus.choices",
        "InvoiceKindEnum": "apps.billing.choices.InvoiceKind.choices",
        "JobStatusEnum": "apps.backtests.choices.Status.choices",
        "BotStateEnum": "apps.bots.choices.BotState.choices",
        "BotModeEnum": "apps.bots.choices.Mode.choices",
        "BotPolicyEnum": "apps.bots.choices.Policy.choices",
        "BotParityEnum": "apps.bots.choices.Parity.choices",
        "BotUpgradeStateEnum": "apps.bots.choices.UpgradeState.choices",
        "RoleEnum": "apps.accounts.choices.Role.choices",
        "GrantedRoleEnum": "apps.accounts.choices.GRANTED_ROLES",
    },
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        # a button there leads on to the provider, or to where one pays
        "form-action": ["'self'", *social_origins(env), *stripe_origins(env)],
    },
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = env.login_idle_days * 86400
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

UNFOLD = {
    "SITE_TITLE": "Candlewright",
    "SITE_HEADER": "Candlewright",
    "SITE_SUBHEADER": gettext_lazy("Staff"),
    "SITE_URL": "/dashboard/",
    "SITE_ICON": {
        "light": lambda request: static("img/mark-ink.svg"),
        "dark": lambda request: static("img/mark-paper.svg"),
    },
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
    "STYLES": [lambda request: static("admin.css")],
    "SCRIPTS": [lambda request: static("admin.js")],
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "8px",
    "DASHBOARD_CALLBACK": "apps.pages.staff.overview.overview",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "apps.pages.staff.navigation.navigation",
    },
    "COMMAND": {"search_callback": "apps.pages.staff.search.search"},
    "COLORS": {
        # the ink and paper of frontend/css/tokens.css
        "base": {
            "50": "#faf7f1",
            "100": "#f3eee5",
            "200": "#e6dfd3",
            "300": "#cbc0af",
            "400": "#8b92a4",
            "500": "#636879",
            "600": "#565d6f",
            "700": "#3d4860",
            "800": "#252e42",
            "900": "#141a29",
            "950": "#0d121e",
        },
        "primary": {
            "50": "oklch(98% .02 80)",
            "100": "oklch(96% .05 80)",
            "200": "oklch(92% .09 80)",
            "300": "oklch(87% .13 78)",
            "400": "oklch(82% .15 76)",
            "500": "oklch(76% .16 72)",
            "600": "oklch(66% .15 66)",
            "700": "oklch(55% .13 60)",
            "800": "oklch(46% .11 58)",
            "900": "oklch(40% .09 58)",
            "950": "oklch(27% .06 56)",
        },
    },
}

LOGGING_CONFIG = None
configure_logging(env.log_format, env.log_level)
