"""Pages of alarms."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.needs import ALWAYS, needs, require
from apps.core.errors import DomainError
from apps.core.lists import Asked
from apps.core.menus import searched
from apps.signals.access import get_alarm_for, get_any_alarm_for
from apps.signals.forms import AlarmForm, MuteForm, in_words
from apps.signals.lists import ALARMS, FIRINGS
from apps.signals.models import Alarm
from apps.signals.selectors import alarms_with_firings, deleted_alarms_of, firings_of
from apps.signals.services import (
    create_alarm,
    delete_alarm,
    forecast,
    mute_alarm,
    restore_alarm,
    try_alarm,
    update_alarm,
)

MOST_DELETED = 50


@needs("signals.view", writing="signals.manage", plan=("", ALWAYS))
@require_http_methods(["GET", "HEAD", "POST"])
def alarm_list(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST switches those that are chosen, deletes them or brings them back."""
    asked = Asked(ALARMS, request)
    if request.method == "POST":
        if request.POST.get("act") in ("on", "restore"):
            require(request, "signals.manage")  # with what the plan must hold for it
        return asked.act(Alarm.objects.filter(workspace=request.workspace))
    rows = asked.chosen(alarms_with_firings(request.workspace), q="name__icontains", active="is_active")
    deleted = deleted_alarms_of(request.workspace)[:MOST_DELETED]
    return asked.answer(rows, "signals/alarm_list.html", {"deleted": deleted, "now": timezone.now()})


@needs("signals.manage")
def alarm_new(request: HttpRequest) -> HttpResponse:
    """A POST makes an alarm of one's own."""
    alarm = Alarm(workspace=request.workspace, person=request.user)
    form = searched(AlarmForm(request.POST or None, alarm=alarm), request)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_alarm(request.workspace, form.cleaned_data, person=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(request, gettext("The alarm is on."))
            return redirect("signals:alarm-detail", uuid=made.uuid)
    return _form_page(request, form, None)


@needs("signals.manage")
def alarm_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    alarm = get_alarm_for(request.workspace, uuid)
    form = searched(AlarmForm(request.POST or None, alarm=alarm), request)
    if request.method == "POST" and form.is_valid():
        update_alarm(alarm, form.cleaned_data, actor=request.user)
        messages.success(request, gettext("Alarm saved."))
        return redirect("signals:alarm-detail", uuid=uuid)
    return _form_page(request, form, alarm)


def _form_page(request: HttpRequest, form: AlarmForm, alarm: Alarm | None) -> HttpResponse:
    draft = form.draft() if form.is_bound and form.is_valid() else form.alarm
    context = {"form": form, "alarm": alarm, "forecast": None if form.errors else forecast(draft)}
    return render(request, "signals/alarm_form.html", context, status=422 if form.errors else 200)


@needs("signals.manage")
@require_POST
def alarm_forecast(request: HttpRequest) -> HttpResponse:
    """What the alarm in the form would have done; `alarm` names the one that is edited."""
    alarm = Alarm(workspace=request.workspace, person=request.user)
    data = request.POST.copy()
    data["name"] = data.get("name") or "–"  # a forecast needs none
    form = AlarmForm(data, alarm=alarm)
    valid = form.is_valid()
    context = {"form": form, "forecast": forecast(form.draft()) if valid else None}
    return render(request, "signals/_alarm_forecast.html", context)


@needs("signals.view")
@require_GET
def alarm_detail(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """The alarm, and when it fired."""
    alarm = get_alarm_for(request.workspace, uuid)
    asked = Asked(FIRINGS, request)
    return asked.answer(
        asked.chosen(firings_of(alarm), symbol="signal__symbol__icontains", state="state"),
        "signals/alarm_detail.html",
        lambda _: {
            "alarm": alarm,
            "forecast": forecast(alarm),
            "words": in_words(alarm),
            "mute_form": MuteForm(),
            "now": timezone.now(),
        },
    )


@needs("signals.manage", plan=ALWAYS)
@require_POST
def alarm_mute(request: HttpRequest, uuid: UUID) -> HttpResponse:
    alarm = get_alarm_for(request.workspace, uuid)
    form = MuteForm(request.POST)
    if form.is_valid():
        until = form.until()
        mute_alarm(alarm, until=until, actor=request.user)
        messages.success(
            request, gettext("The alarm is muted.") if until else gettext("The alarm is heard again.")
        )
    else:
        messages.error(request, gettext("Choose for how long."))
    return redirect("signals:alarm-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def alarm_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Switch on (`active=1`) or off."""
    active = request.POST.get("active") == "1"
    update_alarm(get_alarm_for(request.workspace, uuid), {"is_active": active}, actor=request.user)
    messages.success(request, gettext("The alarm is on.") if active else gettext("The alarm is off."))
    return redirect("signals:alarm-detail", uuid=uuid)


@needs("signals.manage")
@require_POST
def alarm_test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    alarm = get_alarm_for(request.workspace, uuid)
    try:
        try_alarm(alarm, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("A test is on its way to {person}.").format(person=alarm.person))
    return redirect("signals:alarm-detail", uuid=uuid)


@needs("signals.manage", plan=ALWAYS)
@require_POST
def alarm_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    alarm = get_alarm_for(request.workspace, uuid)
    delete_alarm(alarm, actor=request.user)
    return render(request, "signals/alarm_deleted.html", {"alarm": alarm})


@needs("signals.manage")
@require_POST
def alarm_restore(request: HttpRequest, uuid: UUID) -> HttpResponse:
    try:
        alarm = restore_alarm(get_any_alarm_for(request.workspace, uuid), actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("signals:alarm-list")
    messages.success(request, gettext("“{name}” is back.").format(name=alarm.name))
    return redirect("signals:alarm-detail", uuid=uuid)
