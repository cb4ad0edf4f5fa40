"""Forms of the markets room."""

from apps.markets.forms.catalogue import ImportForm, InstrumentForm
from apps.markets.forms.feeds import (
    CcxtForm,
    CsvDropForm,
    DropForm,
    FeedSettingsForm,
    ReplayForm,
    ReplaySettingsForm,
)

__all__ = [
    "CcxtForm",
    "CsvDropForm",
    "DropForm",
    "FeedSettingsForm",
    "ImportForm",
    "InstrumentForm",
    "ReplayForm",
    "ReplaySettingsForm",
]
