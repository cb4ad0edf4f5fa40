"""Midtrans on loopback: Snap, the status API, refunds, and signed notifications with their retries.

`python -m deploy.sandbox.midtrans --port 9901 --server-key SB-Mid-server-sandbox` runs it by itself; tests start
`Server` in a thread. What it answers is what docs.midtrans.com says of each call.
"""

from deploy.sandbox.midtrans.books import Books, Transaction
from deploy.sandbox.midtrans.server import Server

__all__ = ["Books", "Server", "Transaction"]
