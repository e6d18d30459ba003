"""What import-linter cannot see: foreign keys by name obey the same layers as imports."""

import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def _layers() -> dict[str, int]:
    contract = next(
        contract
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    return {
        room.strip(): height for height, layer in enumerate(reversed(contract["layers"])) for room in layer.split("|")
    }


def _foreign_keys() -> list[tuple[str, str, str]]:
    ours = set(_layers())
    return [
        (model._meta.app_label, field.related_model._meta.app_label, f"{model._meta.label}.{field.name}")
        for model in apps.get_models()
        if model._meta.app_label in ours
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model._meta.app_label in ours
    ]


def test_every_installed_app_of_ours_has_its_layer():
    installed = {name.removeprefix("apps.") for name in settings.INSTALLED_APPS if name.startswith("apps.")}
    assert installed == set(_layers())


def test_foreign_keys_point_down():
    height = _layers()
    upward = [label for owner, target, label in _foreign_keys() if owner != target and height[target] >= height[owner]]
    assert upward == []


def test_there_are_foreign_keys_to_check():
    assert len(_foreign_keys()) > 20


@pytest.mark.parametrize("module", ["utils", "helpers", "selectors"])
def test_rooms_hold_no_junk_drawer(module):
    assert list((ROOT / "apps").rglob(f"{module}.py")) == []


def test_every_sweep_is_on_the_schedule_and_every_entry_is_a_sweep():
    from apps.core import sweeps
    from config.celery import EVERY_SECONDS

    assert {sweep.name for sweep in sweeps.in_order()} == set(EVERY_SECONDS)


def test_no_source_file_is_too_long():
    long = {
        str(path.relative_to(ROOT)): lines
        for folder in ("apps", "config", "tests", "templates", "static")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js"} and "migrations" not in path.parent.name
        if (lines := len(path.read_text().splitlines())) > 500
    }
    assert long == {}
