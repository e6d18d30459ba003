"""The migrated database that is kept from session to session."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests import migrated
from tests.ground.holding import ROOT

_CHANGES = """
from pathlib import Path
from tests.migrated import fingerprint

def after(path, text):
    Path(path).write_text(text)
    print(fingerprint())

print(fingerprint())
after("apps/core/views.py", "WHATEVER = 1")
after("apps/offers/new.py", "WHATEVER = 2")
after("apps/offers/defaults.py", "from . import new")  # a migration imports it
after("apps/offers/new.py", "WHATEVER = 3")
after("apps/core/migrations/0002_edition.py", "")
after("apps/core/migrations/0099_new.py", "")
after("config/settings.py", "")
"""


@pytest.mark.django_db
def test_the_one_of_this_code_is_there_and_no_other():
    if "EMBEDDED_DATA" not in os.environ:
        pytest.skip("Nothing is kept on a server that is not ours.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [migrated.PREFIX])
        assert cursor.fetchall() == [(migrated.PREFIX + migrated.fingerprint(),)]


def test_it_is_another_when_anything_changes_that_migrations_are_made_of(tmp_path: Path):
    for name in ("apps", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "migrated.py", tmp_path / "tests")
    run = subprocess.run(
        [sys.executable, "-c", _CHANGES], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    before, view, new, imported, *changed = run.stdout.split()
    assert before == view == new == migrated.fingerprint()
    assert len({before, imported, *changed}) == 6
