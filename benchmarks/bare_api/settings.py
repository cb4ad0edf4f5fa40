"""The product's models and connections, without its middleware, callers, limits and logs."""

from config.settings.dev import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare_api.urls"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
