"""dj-stripe's tables come from our own first migration: see config/djstripe_migrations/__init__.py."""

import pkgutil
from io import StringIO
from pathlib import Path

import djstripe.migrations
import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader


@pytest.mark.django_db
def test_the_models_of_the_installed_version_are_all_there():
    out = StringIO()
    call_command("makemigrations", "djstripe", check=True, dry_run=True, stdout=out)
    assert out.getvalue() == "No changes detected in app 'djstripe'\n"


@pytest.mark.django_db
def test_dj_stripes_own_migrations_are_taken_as_done():
    theirs = {name for _, name, _ in pkgutil.iter_modules([str(Path(djstripe.migrations.__file__).parent)])}
    loader = MigrationLoader(connection)
    ours = [migration for (app, _), migration in loader.disk_migrations.items() if app == "djstripe"]
    assert {name for migration in ours for _, name in migration.replaces} == theirs
    assert {migration.name for migration in ours} <= {
        name for app, name in loader.applied_migrations if app == "djstripe"
    }


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["0001_initial", "0002_2_10", "0003_2_11"])
def test_a_package_may_depend_on_dj_stripes_own_names(name):
    class WithAPackage(MigrationLoader):
        def load_disk(self) -> None:
            super().load_disk()
            package = Migration("0001_initial", "package")
            package.dependencies = [("djstripe", name)]
            self.disk_migrations["package", "0001_initial"] = package

    plan = WithAPackage(connection).graph.forwards_plan(("package", "0001_initial"))
    assert plan[-2:] == [("djstripe", "0001_dj_stripe_2_11"), ("package", "0001_initial")]
