"""Statements that a loop has written out become a loop again, and run like the statements that they were."""

from typing import Any

import numpy as np
import pytest

from grader.derivation.writing.rolled import rolled

CASES = {
    "one loop": ([f"g[:, {k}:{k + 5}] += w[{k}] * x[{k}]" for k in range(3)], 2),
    "a stride": ([f"g[{k}] += np.sum(x[{k}, {2 * k}:{2 * k + 3}])" for k in range(3)], 2),
    "two loops": ([f"g[{i}, {j}:{j + 2}] += w[{i}, {j}]" for i in range(3) for j in range(4)], 3),
    "two by two": ([f"g[{2 * i}, {2 * j}] += w[{i}, {j}]" for i in range(2) for j in range(2)], 3),
    "what is not alike stays": (["a = w[0, 0]", *(f"g[{k}] += w[{k}, 0] * a" for k in range(3)), "g[0] -= a"], 4),
    "numbers that do not grow evenly stay": ([f"g[{k}] += w[{k}, 0]" for k in (0, 1, 3)], 3),
    "two are no loop": (["g[0] += w[0, 0]", "g[1] += w[1, 0]"], 2),
    "other numbers are no places": ([f"g[{k}] += {k} * w[{k}, 0]" for k in range(3)], 3),
}


@pytest.mark.parametrize("case", CASES)
def test_a_loop_does_what_its_statements_did(case: str) -> None:
    statements, lines = CASES[case]
    short = rolled(statements, str)
    assert len(short) == lines
    np.testing.assert_array_equal(after(short), after(statements))


def after(lines: list[str]) -> Any:
    random = np.random.default_rng(0)
    namespace: dict[str, Any] = {
        "np": np,
        "g": np.zeros((8, 8)),
        "w": random.normal(size=(4, 4)),
        "x": random.normal(size=(4, 8)),
    }
    if "x[0]" in lines[0] or "x[k]" in "".join(lines):
        namespace["x"] = random.normal(size=(4,))
        namespace["w"] = random.normal(size=(4,))
    exec("\n".join(lines), namespace)
    return namespace["g"]


def test_sizes_have_their_names() -> None:
    names = {3: "K", 5: "O"}
    lines = rolled([f"g[:, {k}:{k + 5}] += w[{k}]" for k in range(3)], lambda number: names.get(number, str(number)))
    assert lines == ["for k in range(K):", "    g[:, k:k + O] += w[k]"]


def test_a_counter_has_no_name_of_the_statements() -> None:
    assert rolled([f"g[{n}] += k[{n}] * i" for n in range(3)], str)[0] == "for j in range(3):"
