"""The played Midtrans as a process of its own."""

from __future__ import annotations

import argparse

from deploy.sandbox.midtrans.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.sandbox.midtrans", description=__doc__)
    parser.add_argument("--port", type=int, default=9901)
    parser.add_argument("--server-key", default="SB-Mid-server-sandbox-of-this-machine")
    given = parser.parse_args()
    server = Server(given.server_key, port=given.port)
    print(f"Midtrans is played at {server.url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
