"""The same with pytest, in a process per submission: `pytest test_pytest.py` with the submission's folder on PYTHONPATH."""

import gradients
import pytest
from reference import NAMES, check, points

STEPS = list(points())


@pytest.mark.parametrize("name", NAMES)
def test_gradient(name):
    for s in STEPS:
        check(getattr(gradients, name)(s), s, name)
