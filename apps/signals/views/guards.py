"""Pages about what a source asks of its senders beside the token, and how it reads plain text."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.needs import needs
from apps.core.once import keep_once, take_once
from apps.signals.access import get_source_for
from apps.signals.choices import SourceKind
from apps.signals.errors import AlertRefused, SourceRefused
from apps.signals.forms import NetworksForm, PassphraseForm, RotateForm, TemplateForm
from apps.signals.models import AlertSource
from apps.signals.services import (
    drop_signing_keys,
    new_signing_key,
    set_allowed_networks,
    set_passphrase,
    set_template,
    try_template,
)
from apps.signals.services.guards import TRADINGVIEW_ADDRESSES, signing_keys_in_force


@needs("signals.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def source_guards(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Address list, passphrase, signature; a POST changes the one that `what` names."""
    source = get_source_for(request.workspace, uuid)
    networks, passphrase = _networks_form(source), PassphraseForm()
    what = request.POST.get("what", "")
    if request.method == "POST" and what in ("networks", "tradingview"):
        networks = NetworksForm(request.POST)
        if networks.is_valid():
            chosen = networks.chosen() if what == "networks" else list(TRADINGVIEW_ADDRESSES)
            try:
                set_allowed_networks(source, chosen, actor=request.user)
            except SourceRefused as error:
                networks.add_error("networks", error.message)
            else:
                words = (
                    gettext("Alerts are taken from these addresses only.") if source.allowed_networks else ""
                )
                return _done(request, source, words or gettext("Alerts are taken from anywhere."))
    elif request.method == "POST" and what == "passphrase":
        passphrase = PassphraseForm(request.POST)
        if passphrase.is_valid():
            try:
                set_passphrase(source, passphrase.cleaned_data["passphrase"], actor=request.user)
            except SourceRefused as error:
                passphrase.add_error("passphrase", error.message)
            else:
                return _done(request, source, gettext("Every alert must hold the passphrase now."))
    elif request.method == "POST" and what == "no-passphrase":
        set_passphrase(source, "", actor=request.user)
        return _done(request, source, gettext("No passphrase is asked for any more."))
    context: dict[str, Any] = {
        "source": source,
        "networks_form": networks,
        "passphrase_form": passphrase,
        "rotate_form": RotateForm(),
        "can_sign": source.kind != SourceKind.EMAIL,
        "keys": signing_keys_in_force(source),
        "new_key": take_once(request, f"source.key.{source.uuid}"),
    }
    status = 422 if networks.errors or passphrase.errors else 200
    return render(request, "signals/source_guards.html", context, status=status)


@needs("signals.manage")
@require_POST
def source_signing(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A new key (`drop=0`), told on the page after this; or no signatures any more (`drop=1`)."""
    source = get_source_for(request.workspace, uuid)
    if request.POST.get("drop") == "1":
        drop_signing_keys(source, actor=request.user)
        return _done(request, source, gettext("No signature is asked for any more."))
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose how long the present key goes on counting."))
        return redirect("signals:source-guards", uuid=uuid)
    try:
        key = new_signing_key(source, actor=request.user, overlap=form.overlap())
    except SourceRefused as error:
        messages.error(request, error.message)
    else:
        keep_once(request, f"source.key.{source.uuid}", key)
    return redirect("signals:source-guards", uuid=uuid)


@needs("signals.manage")
@require_http_methods(["GET", "POST"])
def source_text(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How plain text is read. A template is kept only once it has read an example; `try=1` keeps nothing."""
    source = get_source_for(request.workspace, uuid)
    form = TemplateForm(request.POST or None, initial={"template": source.template})
    content = None
    if request.method == "POST" and form.is_valid():
        template = form.cleaned_data["template"]
        try:
            if template.strip():
                content = try_template(template, form.cleaned_data["example"])
            if request.POST.get("try") != "1":
                set_template(source, template, actor=request.user)
                words = gettext("Plain text is read by this template now.") if template.strip() else ""
                messages.success(request, words or gettext("Every alert must be JSON now."))
                return redirect("signals:source-detail", uuid=uuid)
        except SourceRefused as error:
            form.add_error("template", error.message)
        except AlertRefused as error:
            form.add_error("example", error.message)
            for problem in error.problems:
                form.add_error("example", f"{problem.field}: {problem.message}.")
    context = {"source": source, "form": form, "content": content}
    return render(request, "signals/source_text.html", context, status=422 if form.errors else 200)


def _networks_form(source: AlertSource) -> NetworksForm:
    return NetworksForm(initial={"networks": "\n".join(source.allowed_networks)})


def _done(request: HttpRequest, source: AlertSource, words: str) -> HttpResponse:
    messages.success(request, words)
    return redirect("signals:source-guards", uuid=source.uuid)
