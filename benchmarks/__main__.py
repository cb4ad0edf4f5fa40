"""Measure the engine and the API, goal by goal; see docs/performance.md. `quick` leaves the other backtesters out.

Exit status 1 when two ways that must give the same results do not, or the API answers anything but 200; a
goal that is missed is only said.
"""

import os
import platform
import subprocess
import sys

from benchmarks import api, bots, indicators, language, own_past, process, strategy, sweep
from benchmarks.data import minute_bars

BARS = 1_000_000


def main() -> int:
    print(
        f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; medians, ways in turns"
    )
    if hasattr(os, "getloadavg"):
        print(f"load before: {os.getloadavg()[0]:.1f}")
    bars = minute_bars(BARS)
    peers = sys.argv[1:] != ["quick"]
    agree = strategy.measure(bars, peers)
    agree &= indicators.measure(bars, peers)
    agree &= own_past.measure(bars)
    agree &= sweep.measure(peers)
    agree &= bots.measure(bars)
    language.measure()
    process.measure()
    # processes of their own: the servers that each starts are not those of the others
    for part in (
        "credits",
        "orders",
        "alarms",
        "bots_live",
        "deliveries",
        "sockets",
        "first_attempt",
        "feeds",
        "previews",
        "pages",
    ):
        subprocess.run([sys.executable, "-m", f"benchmarks.{part}"], check=True)
    alerts_clean = subprocess.run([sys.executable, "-m", "benchmarks.intake"], check=False).returncode == 0
    clean = api.main([]) == 0
    if hasattr(os, "getloadavg"):
        print(f"\nload after: {os.getloadavg()[0]:.1f}")
    if not agree:
        print("\nResults that must be the same are not: see DISAGREE above.", file=sys.stderr)
        return 1
    return 0 if clean and alerts_clean else 1


if __name__ == "__main__":
    sys.exit(main())
