"""What people type on the signals pages."""

from apps.signals.forms.alarms import AlarmForm, MuteForm
from apps.signals.forms.feed import DeliveryFilterForm, FeedFilterForm, RotateForm, SourceForm

__all__ = ["AlarmForm", "DeliveryFilterForm", "FeedFilterForm", "MuteForm", "RotateForm", "SourceForm"]
