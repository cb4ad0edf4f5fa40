import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare_api.settings"
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from apps.core.asgi import ThreadedHandler  # noqa: E402

# not in the settings, since allauth does not start without its own; this one gives Content-Length
settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
application = ThreadedHandler()
get_resolver().url_patterns  # noqa: B018  imports the views now
