"""Midtrans: Snap's payment page for one order at a time, in rupiah. It charges nothing by itself.

`client` is its own library with a time limit and an address that can be set, `words` what its answers mean,
`orders` which subscription the paid orders of a workspace make, `gateway` the interface.
"""

from apps.billing.gateways.midtrans.gateway import MidtransGateway

__all__ = ["MidtransGateway"]
