"""A process that sends the orders of the account on each line of its standard input, to be killed while it does."""

import json
import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from apps.markets.exchanges import know_exchange  # noqa: E402
from apps.trading.brokers import ccxt_broker  # noqa: E402, F401
from apps.trading.services.exchange import resolve_orders, submit_orders  # noqa: E402

for name, value in json.loads(os.environ["EXCHANGE_SETTINGS"]).items():
    setattr(settings, name, value)
know_exchange("binance")  # takes seconds: before the clock runs
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        resolve_orders(int(line))
        submit_orders(int(line))
        os._exit(0)
    print(child, flush=True)
