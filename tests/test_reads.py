"""What each statement of a student's file reads, by the names in it."""

import ast

import pytest

from grader.sandbox.inside.exceptions.reads import Reads

FILE = """\
def errors(s):
    rows = []
    for t in range(3):
        dz = carry * slope
        rows.append(dz)
    dZ = np.vstack(rows)
    dW = np.zeros(3)
    dW += s.x.T @ dZ
    dW[0] = dZ.sum()
    grads = {"dW": dW, "db": dZ}
    grads["db"] += dz
    left, right = dW, dZ
    one, two = helper(dW)
    three = helper(dW)["dZ"]
    np.add.at(dW, index, dZ)
    return {
        "dW": dW,
        "db": left @ dZ,
    }


def other(s):
    return grads


def third(s):
    return a, b
"""
ARRAYS = {"dz", "dZ", "dW", "left", "carry", "slope", 'grads["db"]'}


@pytest.fixture(scope="module")
def reads() -> Reads:
    return Reads(ast.parse(FILE))


@pytest.mark.parametrize(
    "line, name, expected",
    [
        (4, "dz", {"carry", "slope"}),
        (6, "dZ", {"np", "vstack", "append", "dz"}),  # in place of the list all that is put into it
        (8, "dW", {"s", "dZ", "dW"}),
        (9, "dW", {"dZ", "sum", "dW"}),  # the other entries stay
        (10, 'grads["dW"]', {"dW"}),
        (11, 'grads["db"]', {"dz", 'grads["db"]'}),
        (12, "left", {"dW"}),
        (13, "two", {"helper[1]", "dW"}),
        (14, "three", {'helper["dZ"]', "dW"}),
        (15, "dW", {"np", "at", "dW", "index", "dZ"}),
        (17, 'return["db"]', {"left", "dZ"}),
        (23, 'return["db"]', {'grads["db"]'}),
        (27, "return[1]", {"b"}),
        (99, "a", set()),
    ],
)
def test_a_value_is_made_of_what_its_statement_reads(reads: Reads, line: int, name: str, expected: set[str]) -> None:
    assert set(reads(line, name, ARRAYS)) == expected


def test_each_result_of_a_return_over_several_lines_has_a_line_of_its_own(reads: Reads) -> None:
    assert reads.entries(16) == {'return["dW"]': 17, 'return["db"]': 18}
    assert reads.entries(27) == {"return[0]": 27, "return[1]": 27}
    assert reads.entries(23) == {}
