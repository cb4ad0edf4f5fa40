"""`python -m deploy.sandbox`: the payment services of `make up` where no keys of real ones are set."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

from deploy.sandbox.stripe import StripeDouble


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox", description="Payment sandboxes.")
    parser.add_argument("--port", type=int, default=12111, help="of the double of Stripe")
    parser.add_argument("--webhook", default="", help="where its webhooks go")
    parser.add_argument("--state", type=Path, help="file that keeps what was bought")
    options = parser.parse_args()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with StripeDouble(port=options.port, state=options.state) as double:
        if options.webhook:
            # not an argument: lists of processes show those
            double.listen(options.webhook, os.environ.get("STRIPE_WEBHOOK_SECRET", ""))
        try:
            double.run()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
