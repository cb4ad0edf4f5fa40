"""Where Telegram sends what people write to our bot."""

from __future__ import annotations

import hmac
import json

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.notifications.services.telegram import take_telegram_update


@csrf_exempt  # a server calls, with the secret that we gave it
@require_POST
def telegram_update(request: HttpRequest) -> HttpResponse:
    """An update of the Bot API; the answer to the person travels in our reply to the request."""
    secret = settings.TELEGRAM_WEBHOOK_SECRET
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        return HttpResponse(status=403)
    try:
        update = json.loads(request.body)
    except ValueError:
        return HttpResponse(status=400)
    answer = take_telegram_update(update) if isinstance(update, dict) else None
    if answer is None:
        return HttpResponse(status=200)
    chat, text = answer
    return JsonResponse({"method": "sendMessage", "chat_id": int(chat), "text": text})
