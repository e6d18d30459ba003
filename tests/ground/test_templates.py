"""Every template of the shop compiles: a typing error is found here and not by a customer."""

from pathlib import Path

import pytest
from django.conf import settings
from django.template import engines

BASE = Path(settings.BASE_DIR)
ROOTS = [BASE / "templates", *sorted(BASE.glob("apps/*/templates"))]
NAMES = sorted(str(path.relative_to(root)) for root in ROOTS for path in root.rglob("*") if path.is_file())


def test_there_are_templates() -> None:
    assert len(NAMES) > 10


@pytest.mark.parametrize("name", NAMES)
def test_template_compiles(name: str) -> None:
    assert engines["django"].get_template(name).origin.template_name == name
