"""Wrong settings stop the start and name the fix."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.env import DEV_FIELD_KEYS

GOOD_PROD = {
    "SECRET_KEY": "k" * 60,
    "FIELD_KEYS": "a:" + "A" * 43 + "=",
    "ALLOWED_HOSTS": "app.example.com",
    "SITE_URL": "https://app.example.com",
    "EMAIL_URL": "smtp://mail.example.com:25",
    "STRIPE_API_BASE": "https://api.stripe.com",  # over the sandbox's, which `make up` left in var/local.env
}


def _check(
    settings: str, code: str = "import django; django.setup()", **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": f"config.settings.{settings}", **env},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("DATABASE_URL", "mysql://root@localhost/db", "postgres://USER:PASSWORD@HOST:PORT/NAME"),
        ("REDIS_URL", "localhost:6379", "redis://HOST:PORT/DB"),
        ("SITE_URL", "app.example.com", "https://app.example.com"),
        ("LOG_FORMAT", "xml", "json or console"),
        ("FIELD_KEYS", "new:c2hvcnQ=", '"ID:KEY", newest first'),
        ("EMAIL_URL", "mail.example.com", "smtp://USER:PASSWORD@HOST:PORT"),
    ],
)
def test_wrong_setting_is_named_with_its_fix(name, value, fix):
    result = _check("dev", **{name: value})
    assert result.returncode != 0
    assert f"{name}:" in result.stderr
    assert fix in result.stderr
    assert value not in result.stderr.replace(fix, "")


def test_production_refuses_weak_settings():
    weak = {
        "SECRET_KEY": "short",
        "FIELD_KEYS": DEV_FIELD_KEYS,
        "ALLOWED_HOSTS": "*",
        "SITE_URL": "http://app.example.com",
        "EMAIL_URL": "",
    }
    result = _check("prod", **weak)
    assert result.returncode != 0
    for name in weak:
        assert f"{name}:" in result.stderr


def test_former_secret_keys_are_read_and_checked():
    newer, older = "n" * 50, "o" * 64
    code = "import django; django.setup(); from django.conf import settings; print(settings.SECRET_KEY_FALLBACKS)"
    result = _check("prod", code, **GOOD_PROD, SECRET_KEY_FALLBACKS=f"{newer}, {older}")
    assert result.stdout.strip() == str([newer, older]), result.stderr
    result = _check("prod", **GOOD_PROD, SECRET_KEY_FALLBACKS=f"{newer},cut-off")
    assert result.returncode != 0
    assert "SECRET_KEY_FALLBACKS: number 2 is shorter than 50 characters" in result.stderr
    assert "cut-off" not in result.stderr


def test_production_starts_with_them():
    assert _check("prod", **GOOD_PROD).returncode == 0
