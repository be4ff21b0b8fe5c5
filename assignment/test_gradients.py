"""Tests of your gradients: run `pytest` in this folder.

There is one test for each gradient and each check, and no answer in any of them.  A gradient that is not written yet
is skipped, not failed; so is a check whose turn comes only after another one passes.

To try things out, start `python -i test_gradients.py` and take a step: `s = homework.steps[0]`.
"""

from pathlib import Path

import pytest

from grader import Homework

homework = Homework(Path(__file__).parent)


def test_the_file_can_be_loaded():
    homework.expect_loaded()


@pytest.mark.parametrize(("gradient", "check"), homework.cases)
def test_gradient(gradient, check):
    reason = homework.not_yet(gradient, check)
    if reason:
        pytest.skip(reason)
    homework.expect(gradient, check)
