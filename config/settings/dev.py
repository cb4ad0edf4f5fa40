"""Development and one-machine use: what `make up` runs."""

from config.settings.base import *  # noqa: F403
from config.settings.base import env

DEBUG = False  # errors show our own pages here too; their tracebacks are in the log
ALLOWED_HOSTS = env.allowed_hosts or ["127.0.0.1", "localhost", "[::1]"]
SHOW_DEV_MAIL = not env.email_url
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
