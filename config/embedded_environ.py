"""Environment of a running embedded stack, for commands typed beside it.

`make demo` writes the addresses of its services to `.data/demo/environ.json`. A command started without DATABASE_URL of
its own (`manage.py shell`, `manage.py dbshell`) then talks to that stack.
"""

import json
import os
from pathlib import Path


def load(base: Path) -> None:
    """Put the variables of the running embedded stack in os.environ, unless the environment names its own database."""
    path = base / ".data" / "demo" / "environ.json"
    if "DATABASE_URL" in os.environ or not path.is_file():
        return
    for name, value in json.loads(path.read_text()).items():
        os.environ.setdefault(name, value)
