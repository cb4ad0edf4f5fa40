"""Another version of a bot's formula, from its page: in shadow first, then the bot moves, or a person decides."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.needs import needs
from apps.bots.access import get_bot_for
from apps.bots.forms import TryVersionForm
from apps.bots.services import cancel_upgrade, roll_back, start_upgrade, switch_now
from apps.core.errors import DomainError
from apps.core.words import gettext_lazy

CHOICES = {"switch": switch_now, "cancel": cancel_upgrade, "roll_back": roll_back}
DONE = {
    "switch": gettext_lazy("It goes on under the new version from the next bar."),
    "cancel": gettext_lazy("It goes on with the version it has."),
    "roll_back": gettext_lazy("It goes back to the version before from the next bar."),
}


@needs("bots.manage")
@require_POST
def bot_try(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let a version run in shadow for so many bars."""
    bot = get_bot_for(request.workspace, uuid)
    form = TryVersionForm(request.POST, bot=bot)
    if not form.is_valid():
        messages.error(request, " ".join(str(words) for some in form.errors.values() for words in some))
        return redirect("bots:bot-detail", uuid=uuid)
    data = form.cleaned_data
    try:
        start_upgrade(
            bot,
            data["version"],
            bars=data["bars"],
            most_different=data["most_different"],
            actor=request.user,
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            gettext("{data} decides beside it for {data_2} bars, without trading.").format(
                data=data["version"], data_2=data["bars"]
            ),
        )
    return redirect("bots:bot-detail", uuid=uuid)


@needs("bots.manage")
@require_POST
def bot_decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """About the last upgrade: `what` is switch, cancel or roll_back."""
    bot = get_bot_for(request.workspace, uuid)
    last = bot.upgrades.select_related("bot", "before", "after").order_by("-id").first()
    what = request.POST.get("what", "")
    if last is None or what not in CHOICES:
        messages.error(request, gettext("There is no version to decide about."))
        return redirect("bots:bot-detail", uuid=uuid)
    try:
        CHOICES[what](last, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, DONE[what])
    return redirect("bots:bot-detail", uuid=uuid)
