"""Pictures of people: checked by what they are, not by what they are called, and painted anew."""

from __future__ import annotations

import io
import secrets
import warnings
from functools import partial
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext
from PIL import Image, ImageOps, UnidentifiedImageError

from apps.accounts.errors import AvatarRefused
from apps.accounts.models import User
from apps.core.files import removed_on_error
from apps.journal.services import record

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 25_000_000
SIDE = 256
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


@transaction.atomic
def set_avatar(user: User, file: IO[bytes]) -> User:
    """Make the picture the person's: a square of 256 pixels, encoded anew, so that no metadata comes along.

    Raises AvatarRefused for what is too large, no image, or none of JPEG, PNG, WebP and GIF.
    """
    picture = _painted(file.read(MOST_BYTES + 1))
    path = default_storage.save(f"avatars/{secrets.token_hex(16)}.webp", ContentFile(picture))
    with removed_on_error([path]):
        _replace(user, path, "accounts.avatar.changed")
    return user


@transaction.atomic
def remove_avatar(user: User) -> User:
    """Back to the first letter of the name; without a picture nothing changes."""
    if user.avatar:
        _replace(user, "", "accounts.avatar.removed")
    return user


def _replace(user: User, path: str, action: str) -> None:
    before, user.avatar = user.avatar, path
    user.save(update_fields=["avatar", "updated_at"])
    record(actor=user, workspace=None, action=action, target=user)
    if before:
        transaction.on_commit(partial(default_storage.delete, before))


def _painted(data: bytes) -> bytes:
    if len(data) > MOST_BYTES:
        raise AvatarRefused(
            gettext("The picture is larger than {value} MB. Make it smaller first.").format(
                value=MOST_BYTES // 1024 // 1024
            )
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise AvatarRefused(
                        gettext(
                            "The picture has {width} × {height} pixels, more than 25 million. Make it smaller first."
                        ).format(width=image.width, height=image.height)
                    )
                upright = ImageOps.exif_transpose(image).convert("RGBA")
    except UnidentifiedImageError:
        raise AvatarRefused(gettext("This is not a picture. JPEG, PNG, WebP and GIF are.")) from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise AvatarRefused(gettext("The picture cannot be read: {error}").format(error=error)) from None
    square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    painted = io.BytesIO()
    Image.frombytes("RGBA", square.size, square.tobytes()).save(painted, "WEBP", quality=85)
    return painted.getvalue()
