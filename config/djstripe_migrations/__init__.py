"""dj-stripe's tables, made in one step.

dj-stripe's own history creates and then removes hundreds of columns: replaying it on an empty database takes minutes.
settings.MIGRATION_MODULES names this package instead, whose first migration is what `makemigrations` writes for the
models of dj-stripe 2.11. It replaces all of dj-stripe's own migrations up to that version: a database that ran those is
taken as up to date, and other packages may go on depending on them.

When dj-stripe is upgraded:

1. read the release's own migrations for RunPython and RunSQL (up to 2.11 there are none) and copy those steps;
2. `python manage.py makemigrations djstripe --name dj_stripe_<version>` writes the changes of its models here;
3. add the names of the release's own migrations to `replaces` of that new migration;
4. `tests/billing/gateway/test_mirror_tables.py` fails until step 2 is done.
"""
