"""How far the tests of random histories look: those that are marked `lives` try ten times as many in `make soak`."""

import os


def lives(usual: int) -> int:
    """How many histories to try: `usual` in an ordinary run."""
    return usual * int(os.environ.get("DEPTH", "1"))
