"""Tests: real PostgreSQL, Redis and Celery; cheap password hashing, files below a temporary folder."""

import os
import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403
from config.settings.base import CACHES, DATABASES, REST_FRAMEWORK
from config.stripe import stand_in

ALLOWED_HOSTS = ["*"]
CACHES["default"]["KEY_PREFIX"] = f"test-{os.getpid()}"  # rate limits of parallel test processes stay apart
if os.environ.get("TEST_DATABASE_TEMPLATE"):  # copied rather than migrated anew by every test process
    DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ["TEST_DATABASE_TEMPLATE"]}
# Tests with real transactions end by emptying every table, which the journal refuses to everybody else.
DATABASES["default"]["OPTIONS"]["options"] = "-c journal.may_truncate=on"
SHOW_DEV_MAIL = True
FIELD_KEYS = "tests:dGhlLWtleS1vZi10aGUtdGVzdHMtaGFzLTMyLWJ5dGU="
STRIPE_KEY = "sk_test_0123456789abcdefghijklmn"  # the fixture stripe_double turns it on by naming an address
STRIPE_SECRET_KEY = stand_in(STRIPE_KEY)
STRIPE_WEBHOOK_SECRET = "whsec_0123456789abcdefghijklmn"  # noqa: S105
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")  # given to the servers of the journeys
REST_FRAMEWORK["TEST_REQUEST_DEFAULT_FORMAT"] = "json"
API_LOG_THREAD = False  # a thread of its own would keep the test database open; its tests start a server
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
VAR_DIR = Path(tempfile.mkdtemp(prefix="candlewright-test-"))
MEDIA_ROOT = VAR_DIR / "media"
MAIL_DIR = VAR_DIR / "mail"
EMAIL_FILE_PATH = str(MAIL_DIR)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
