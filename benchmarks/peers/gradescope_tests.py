"""The usual Gradescope autograder: unittest and gradescope-utils, in a process per submission.  `gradescope_tests.py FOLDER`"""

import io
import sys
import unittest

sys.path.insert(0, sys.argv[1])
import gradients
from gradescope_utils.autograder_utils.decorators import number, weight
from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner
from reference import NAMES, check, points

STEPS = list(points())


class Gradients(unittest.TestCase):
    pass


def case(i, name):
    @weight(10)
    @number(f"1.{i}")
    def test(self):
        for s in STEPS:
            check(getattr(gradients, name)(s), s, name)

    test.__doc__ = name
    return test


for i, name in enumerate(NAMES):
    setattr(Gradients, f"test_{i}", case(i, name))
JSONTestRunner(stream=io.StringIO(), visibility="visible").run(
    unittest.defaultTestLoader.loadTestsFromTestCase(Gradients)
)
