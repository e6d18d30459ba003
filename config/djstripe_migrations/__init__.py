"""dj-stripe's tables, made in one step.

dj-stripe's own history creates and then removes hundreds of columns: replaying it on an empty database takes minutes.
settings.MIGRATION_MODULES names this package instead, whose first migration makes the tables as that history leaves them
in the end. It replaces all of dj-stripe's own migrations up to 2.11: a database that ran those is taken as up to date,
and other packages may go on depending on them.

When dj-stripe is upgraded:

1. read the release's own migrations for RunPython and RunSQL (up to 2.11 there are none);
2. add a migration here whose operations are those of the release's own ones, and which replaces them;
3. `tests/billing/gateway/test_mirror_tables.py` fails until step 2 is done.
"""
