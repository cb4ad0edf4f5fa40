"""The one way from a workspace and an id to its objects: unknown and foreign are both 404."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.signals.models import Alarm, Alert, AlertSource, Replay, Signal, UtBot
from apps.signals.selectors import alarms_of, signals_of, sources_of, ut_bots_of


def get_source_for(workspace: Workspace, uuid: UUID | str) -> AlertSource:
    source = sources_of(workspace).filter(uuid=uuid).first()
    if source is None:
        raise Http404(gettext("No such source."))
    return source


def get_signal_for(workspace: Workspace, uuid: UUID | str) -> Signal:
    signal = signals_of(workspace).filter(uuid=uuid).select_related("source", "alert").first()
    if signal is None:
        raise Http404(gettext("No such signal."))
    return signal


def get_alert_for(workspace: Workspace, uuid: UUID | str) -> Alert:
    alert = Alert.objects.filter(source__workspace=workspace, uuid=uuid).select_related("source").first()
    if alert is None:
        raise Http404(gettext("No such delivery."))
    return alert


def get_replay_for(workspace: Workspace, uuid: UUID | str) -> Replay:
    replay = Replay.objects.filter(source__workspace=workspace, uuid=uuid).select_related("source", "actor")
    found = replay.first()
    if found is None:
        raise Http404(gettext("No such replay."))
    return found


def get_alarm_for(workspace: Workspace, uuid: UUID | str) -> Alarm:
    alarm = alarms_of(workspace).filter(uuid=uuid).first()
    if alarm is None:
        raise Http404(gettext("No such alarm."))
    return alarm


def get_any_alarm_for(workspace: Workspace, uuid: UUID | str) -> Alarm:
    """A deleted one as well, as long as it can be brought back."""
    alarm = Alarm.objects.filter(workspace=workspace, uuid=uuid).first()
    if alarm is None:
        raise Http404(gettext("No such alarm."))
    return alarm


def get_ut_bot_for(workspace: Workspace, uuid: UUID | str) -> UtBot:
    bot = ut_bots_of(workspace).filter(uuid=uuid).first()
    if bot is None:
        raise Http404(gettext("No such UT Bot."))
    return bot
