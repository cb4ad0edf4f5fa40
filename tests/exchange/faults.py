"""What may go wrong on the way to an exchange and back. A fault is used up by `times` requests of its route."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ORDER = "POST /api/v3/order"


@dataclass
class Fault:
    """`route` is "METHOD /path". `delay_s` passes before the request is carried out (its time stamp is looked at only
    then), `carried_out` says whether it is at all, `stall_s` passes before the answer, of which `bytes_sent` bytes
    arrive (None: all of them) before the line is cut. `status` replaces the answer.
    """

    route: str = ORDER
    carried_out: bool = True
    delay_s: float = 0.0
    stall_s: float = 0.0
    bytes_sent: int | None = None
    status: int | None = None
    body: dict[str, Any] | str = ""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1

    @classmethod
    def lost_before(cls, route: str = ORDER, **more: Any) -> Fault:
        """The request arrives, the exchange drops it and the line."""
        return cls(route, carried_out=False, bytes_sent=0, **more)

    @classmethod
    def lost_after(cls, route: str = ORDER, **more: Any) -> Fault:
        """The request is carried out, its answer is lost."""
        return cls(route, bytes_sent=0, **more)

    @classmethod
    def cut(cls, bytes_sent: int, route: str = ORDER, **more: Any) -> Fault:
        """The request is carried out, the line breaks after so many bytes of the answer."""
        return cls(route, bytes_sent=bytes_sent, **more)

    @classmethod
    def time_out(cls, seconds: float, *, carried_out: bool, route: str = ORDER, **more: Any) -> Fault:
        """No answer for so long."""
        return cls(route, carried_out=carried_out, stall_s=seconds, bytes_sent=0, **more)

    @classmethod
    def late(cls, seconds: float, route: str = ORDER, **more: Any) -> Fault:
        """The request lies in a queue and is looked at only then; its caller has given up long before."""
        return cls(route, delay_s=seconds, bytes_sent=0, **more)

    @classmethod
    def limited(cls, retry_after_s: int, route: str = ORDER, **more: Any) -> Fault:
        """429: too many requests."""
        body = {"code": -1003, "msg": "Too much request weight used; current limit is 6000 per 1 MINUTE."}
        headers = {"Retry-After": str(retry_after_s)}
        return cls(route, carried_out=False, status=429, body=body, headers=headers, **more)

    @classmethod
    def banned(cls, retry_after_s: int, route: str = ORDER, **more: Any) -> Fault:
        """418: banned for having gone on after 429."""
        body = {"code": -1003, "msg": "Way too much request weight used; IP banned until 1659146400000."}
        headers = {"Retry-After": str(retry_after_s)}
        return cls(route, carried_out=False, status=418, body=body, headers=headers, **more)

    @classmethod
    def maintenance(cls, route: str = ORDER, **more: Any) -> Fault:
        body = {"code": 1, "msg": "System is under maintenance."}
        return cls(route, carried_out=False, status=503, body=body, **more)

    @classmethod
    def status_unknown(cls, route: str = ORDER, *, carried_out: bool, **more: Any) -> Fault:
        """The exchange itself does not know: its gateway has lost sight of the request."""
        text = (
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
        )
        return cls(route, carried_out=carried_out, status=504, body={"code": -1007, "msg": text}, **more)
