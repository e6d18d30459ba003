"""``python -m apps.billing.sandbox --port N [--host 127.0.0.1] [--state FILE.json]``"""

import argparse
from pathlib import Path

from . import server


def main() -> None:
    """Serves until SIGTERM or SIGINT; the state file is written at the end."""
    parser = argparse.ArgumentParser(prog="python -m apps.billing.sandbox", description="A stand-in for Stripe's API.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="load and keep all objects in this JSON file")
    options = parser.parse_args()
    server.serve(host=options.host, port=options.port, state=options.state)


if __name__ == "__main__":
    main()
