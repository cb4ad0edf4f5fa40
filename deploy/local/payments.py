"""The sandbox that stands in for Stripe on this machine, unless the operator has a key of Stripe."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping

from deploy.local.paths import PYTHON, VAR
from deploy.local.ports import LOOPBACK, pick_port
from deploy.local.servers import kept_secret

USUAL_PORT = 12111
STATE = VAR / "sandbox" / "stripe.json"


def payment_settings(given: Mapping[str, str]) -> dict[str, str]:
    """The settings by which the product finds the sandbox; none where a key is given."""
    if given.get("STRIPE_SECRET_KEY"):
        return {}
    port = pick_port(int(given.get("STRIPE_SANDBOX_PORT") or USUAL_PORT), "the payments sandbox")
    return {
        "STRIPE_SECRET_KEY": kept_secret("stripe_key", f"sk_test_{secrets.token_hex(16)}"),
        "STRIPE_WEBHOOK_SECRET": kept_secret("stripe_webhook_secret", f"whsec_{secrets.token_hex(16)}"),
        "STRIPE_API_BASE": f"http://{LOOPBACK}:{port}",
    }


def payment_processes(settings: Mapping[str, str], web: str) -> dict[str, str]:
    """The process that serves these settings; its webhooks go to `web`. Their secret it finds in its environment."""
    if not settings:
        return {}
    port = settings["STRIPE_API_BASE"].rpartition(":")[2]
    command = [PYTHON, "-m", "deploy.sandbox", "--port", port, "--state", STATE]
    command += ["--webhook", f"{web}/billing/webhooks/stripe/"]
    return {"payments": shlex.join(map(str, command))}
