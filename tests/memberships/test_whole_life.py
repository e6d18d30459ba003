"""Any life of two customers, with everything that the shop, the gateway and the bank can do: see `whole_life`."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.billing.replay import walking

from . import whole_life, whole_shop


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lives", "steps"), [(6, 10), pytest.param(100, 30, marks=pytest.mark.soak)], ids=["short", "long"]
)
def test_any_life_of_the_shop(lives, steps, monkeypatch):
    # Nobody else writes here, and within the transaction of a test no snapshot can be taken.
    monkeypatch.setattr(walking, "_one_snapshot", lambda: None)
    whole_shop.build(now=whole_life.BEGIN - whole_shop.A_DAY)
    run_state_machine_as_test(
        whole_life.WholeLife,
        settings=settings(max_examples=lives, stateful_step_count=steps, suppress_health_check=list(HealthCheck)),
    )
