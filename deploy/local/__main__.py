"""`python -m deploy.local COMMAND`: what the Makefile calls."""

from __future__ import annotations

import argparse
import shlex
import sys

from deploy.local.errors import LocalError
from deploy.local.servers import DATABASE, child_environment, local_servers, test_servers
from deploy.local.testing import keep_test_servers, run_tests
from deploy.local.up import down, up


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local", description="Run Candlewright on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the servers and every process of the Procfile, until Ctrl-C")
    down_parser = commands.add_parser("down", help="stop what `up` or `servers` left running")
    down_parser.add_argument("--test", action="store_true", help="the test servers instead")
    servers = commands.add_parser(
        "servers", help="start the servers only and print their addresses for a shell"
    )
    servers.add_argument(
        "--test", action="store_true", help="the test servers, which lose their data in a crash"
    )
    servers.add_argument("--database", default=DATABASE, help="name of the database (created when missing)")
    servers.add_argument(
        "--redis-database", type=int, default=0, help="number of the Redis database, 0 to 15"
    )
    commands.add_parser("test", help="run pytest on the test servers; every other argument is pytest's")
    options, pytest_arguments = parser.parse_known_args()
    if pytest_arguments and options.command != "test":
        parser.error(f"unknown arguments: {' '.join(pytest_arguments)}")
    try:
        if options.command == "up":
            return up()
        if options.command == "down":
            return down(test=options.test)
        if options.command == "servers":
            return print_servers(options)
        return run_tests(pytest_arguments)
    except LocalError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def print_servers(options: argparse.Namespace) -> int:
    """Lines for `eval "$(python -m deploy.local servers)"`."""
    servers = test_servers() if options.test else local_servers()
    servers.start()
    if options.test:
        keep_test_servers()
    settings = "config.settings.test" if options.test else "config.settings.dev"
    addresses = servers.addresses(options.database, options.redis_database)
    values = child_environment(servers.given, addresses, settings)
    names = ["DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"]
    if not options.test:
        names += ["SECRET_KEY", "FIELD_KEYS"]
    for name in names:
        print(f"export {name}={shlex.quote(values[name])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
