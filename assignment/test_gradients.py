"""Tests of your gradients: run `pytest` in this folder.

There is one test for each gradient and each check.  None contains an answer.  A gradient that you haven't written yet
is skipped, not failed; so is a check that runs only once the previous one passes.

To experiment, start `python -i test_gradients.py` and take a sample point: `s = homework.points[0]`.
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
