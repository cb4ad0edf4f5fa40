"""Other backtesters, for comparison: tests hold our fills against theirs, benchmarks our speed.

Their licences (backtesting.py: AGPL; vectorbt: Apache with the Commons Clause) keep them out of the product and of our
own environments: they live in one of their own below `var/peers` and are spoken to as processes. See docs/peers.md.
"""

from benchmarks.peers.environment import NotAvailable, interpreter
from benchmarks.peers.process import Peer, PeerError

__all__ = ["NotAvailable", "Peer", "PeerError", "interpreter"]
