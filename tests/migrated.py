"""One migrated database is kept from session to session: the next one copies it, and finds nothing left to migrate.

Its name says what it was made from: every migration, all of our code that they import, and the installed packages. When
any of it changes, the next session migrates anew.
"""

import os
from hashlib import sha256
from pathlib import Path

import django
import grimp
from django.db import connection
from django.test.utils import setup_databases

ROOT = Path(__file__).parent.parent
PREFIX = "migrated_"
# Whoever makes, copies or drops a kept database holds this lock of the server: one of several workers migrates.
_LOCK = 20_261_122


def set_up() -> list:
    """Make the test database, as `setup_databases` does and for its `teardown_databases`."""
    if "EMBEDDED_DATA" not in os.environ:  # on a server that is not ours nothing is left behind
        return _make()
    name = PREFIX + fingerprint()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        kept = [found for (found,) in cursor.fetchall()]
        if name in kept:
            connection.settings_dict["TEST"]["TEMPLATE"] = name
            return _make()
        made = _make()
        connection.close()
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
        for old in kept:
            cursor.execute(f'DROP DATABASE "{old}"')
        return made


def fingerprint() -> str:
    """A hash of all that migrations are made of."""
    graph = grimp.build_graph("apps", "config", cache_dir=None)
    modules = {module for module in graph.modules if "migrations." in module} | {"config.settings"}
    modules.update(*map(graph.find_upstream_modules, list(modules)))
    packages = Path(django.__file__).parent.parent.glob("*.dist-info")
    parts = [path.name.encode() for path in sorted(packages)]
    for module in sorted(modules):
        parts += [module.encode(), _file(module).read_bytes()]
    return sha256(b"\0".join(parts)).hexdigest()[:16]


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _make() -> list:
    return setup_databases(verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=[])
