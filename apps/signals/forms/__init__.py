"""What people type on the signals pages."""

from apps.signals.forms.alarms import AlarmForm, MuteForm
from apps.signals.forms.feed import FeedFilterForm
from apps.signals.forms.sources import (
    DeliveryFilterForm,
    NameForm,
    NetworksForm,
    PassphraseForm,
    ReplayForm,
    RotateForm,
    SourceForm,
    TemplateForm,
)

__all__ = [
    "AlarmForm",
    "DeliveryFilterForm",
    "FeedFilterForm",
    "MuteForm",
    "NameForm",
    "NetworksForm",
    "PassphraseForm",
    "ReplayForm",
    "RotateForm",
    "SourceForm",
    "TemplateForm",
]
