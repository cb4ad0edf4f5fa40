"""What people type on the signals pages."""

from apps.signals.forms.alarms import AlarmForm, MuteForm, in_words
from apps.signals.forms.performance import PerformanceForm
from apps.signals.forms.record import RecordForm
from apps.signals.forms.sources import (
    NameForm,
    NetworksForm,
    PassphraseForm,
    ReplayForm,
    RotateForm,
    SourceForm,
    TemplateForm,
)
from apps.signals.forms.ut_bots import UtBotForm

__all__ = [
    "AlarmForm",
    "MuteForm",
    "NameForm",
    "NetworksForm",
    "PassphraseForm",
    "PerformanceForm",
    "RecordForm",
    "ReplayForm",
    "RotateForm",
    "SourceForm",
    "TemplateForm",
    "UtBotForm",
    "in_words",
]
