"""Command line: `python -m config.embedded run -- COMMAND...` and `python -m config.embedded clean`."""

import argparse
import os
import sys

from config.embedded import cleaning, process, services
from config.embedded.errors import EmbeddedError
from config.embedded.sandbox import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a command with services of its own, which keep nothing safe")
    run.add_argument("argv", nargs="+", metavar="COMMAND")
    commands.add_parser("clean", help="stop whatever runs on .data and remove it")
    arguments = parser.parse_args()
    try:
        if arguments.command == "clean":
            cleaning.clean(ROOT / ".data", say=lambda sentence: print(sentence, flush=True))  # noqa: T201
            return 0
        return _run(arguments.argv)
    except EmbeddedError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130


def _run(argv: list[str]) -> int:
    with services.start_beside(ROOT / ".data" / "run", durable=False) as running:
        return process.foreground(argv, env={**os.environ, **running.environ()})


if __name__ == "__main__":
    sys.exit(main())
