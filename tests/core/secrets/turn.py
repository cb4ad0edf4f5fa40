"""`python -m tests.core.secrets.turn DATABASE`: rotate the test table in a process of its own, to be killed."""

from __future__ import annotations

import sys

import django
from django.conf import settings


def main() -> None:
    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    django.setup()

    from apps.core.secrets.rotation import encrypted_fields, rotate
    from tests.core.secrets.safe import NEW, OLD, Safe

    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate(
        encrypted_fields([Safe]),
        batch=5,
        progress=lambda place, done, left: print(place, done, left, flush=True),
    )


if __name__ == "__main__":
    main()
