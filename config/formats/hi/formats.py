"""As in every language: see config/formats/en."""

from config.formats.en.formats import *  # noqa: F403
