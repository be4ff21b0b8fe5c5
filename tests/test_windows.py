"""Loops over single entries, as they come to mind: read as windows, and where they are not, refused in words that help."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from grader.cli.app import main
from grader.derivation import Formula, Point, Unreadable, derive
from grader.derivation.graph import recorder
from grader.newassignment import write_folder
from grader.newassignment.blueprint import make_blueprint
from grader.newassignment.described_model import read_model
from grader.newassignment.measured_model import measure
from grader.newassignment.sampling import drawn_quantities
from grader.problem.fillable import for_stacks
from grader.problem.kinks import breaks_ties
from grader.problem.model import Graph
from grader.problem.stacked import Stack

MODELS = Path(__file__).parent / "models" / "filled"
HEAD = "import numpy as np\n\n\n"


def default(question: str, answer: str, choices: object) -> str:
    return answer


def point(shapes: dict[str, str], sizes: dict[str, int]) -> Point:
    random = np.random.default_rng(0)
    lengths = {name: [sizes.get(part) or int(part) for part in shape.split()] for name, shape in shapes.items()}
    return Point({name: random.normal(size=tuple(shape)) for name, shape in lengths.items()}, sizes)


def test_a_sum_in_a_variable_and_the_largest_of_named_entries_hold_for_any_sizes() -> None:
    shapes = {"x": "H W", "k": "3 3", "t": "P Q"}
    sizes = [
        {"H": 10, "W": 14, "O": 8, "R": 12, "P": 4, "Q": 6},
        {"H": 16, "W": 12, "O": 14, "R": 10, "P": 7, "Q": 5},
    ]
    found = derive(MODELS / "entries.py", points=[point(shapes, each) for each in sizes])
    assert all(formula.general and formula.verified for formula in found.values())
    assert "a.reshape(P, 2, Q, 2) == p[:, None, :, None]" in found["dloss_da"].text


def test_six_loops_over_a_padded_image_with_channels_hold_for_any_sizes() -> None:
    shapes = {"img": "C H W", "K": "F C 3 3", "bias": "F", "V": "O D", "target": "O"}
    sizes = [
        {"C": 5, "H": 4, "W": 6, "F": 7, "O": 9, "D": 42, "Hp": 6, "Wp": 8},
        {"C": 4, "H": 6, "W": 4, "F": 5, "O": 7, "D": 30, "Hp": 8, "Wp": 6},
    ]
    found = derive(MODELS / "six_loops.py", points=[point(shapes, each) for each in sizes], wrt=["K", "img", "bias"])
    assert all(formula.verified for formula in found.values())
    assert found["dL_dK"].text.count("np.einsum") == 1, "the window that is the image itself is in the loops, too"


def of_loop(tmp_path: Path, body: str, shapes: dict[str, str], sizes: dict[str, int]) -> dict[str, Formula]:
    model = tmp_path / "model.py"
    model.write_text(f"{HEAD}def z(x, w):\n{body}\n\n\ndef J(z):\n    return np.sum(z ** 2)\n")
    return derive(model, points=[point(shapes, sizes)])


@pytest.mark.parametrize(
    ("statement", "shapes"),
    [
        ("s = s + 0 * x[0]\n    for i in range(4):\n        s += x[i] * w[i]", {"x": "4 5", "w": "4"}),  # rows
        ("for i in range(4):\n        s += x[i] * w[3 - i]", {"x": "4", "w": "4"}),
        ("for i in range(4):\n        s += x[i - 1] * w[i]", {"x": "4", "w": "4"}),
        ("for i in range(4):\n        s += x[i] * s", {"x": "4", "w": "4"}),
        (
            "for i in range(2):\n        for j in range(2):\n            s += x[j, i] * w[i, j]",
            {"x": "2 2", "w": "2 2"},
        ),
        ("for i in range(3):\n        for j in range(2):\n            s += x[i + j] * w[j]", {"x": "4", "w": "4"}),
    ],
)
def test_other_loops_that_add_up_keep_their_gradients(tmp_path: Path, statement: str, shapes: dict[str, str]) -> None:
    found = of_loop(tmp_path, f"    s = 1.0 + 0 * w[0]\n    {statement}\n    return s * w[0]", shapes, {})
    assert all(formula.verified for formula in found.values())


def test_a_largest_entry_that_is_updated_is_a_pooling(tmp_path: Path) -> None:
    body = """
    out = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            best = -np.inf
            for u in range(2):
                for v in range(2):
                    best = max(best, x[2 * i + u, 2 * j + v])
            out[i, j] = best
    return out
"""
    found = of_loop(tmp_path, body, {"x": "6 4", "w": "3 2"}, {})
    assert found["dJ_dx"].verified
    assert "reshape(3, 2, 2, 2) == z[:, None, :, None]" in found["dJ_dx"].text


def test_the_line_of_a_loop_with_too_many_operations_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "MOST_OPERATIONS", 50)
    body = "    s = 0.0\n    for i in range(40):\n        s += x[i] * w[39 - i]\n    return s"
    with pytest.raises(Unreadable) as caught:
        of_loop(tmp_path, body, {"x": "N", "w": "N"}, {"N": 40})
    assert caught.value.line == 7
    for words in ("more than 50 operations at the sizes N = 40", "a sum over a window", "docs/assignment.md"):
        assert words in str(caught.value)


def test_the_size_of_a_padded_array_gets_a_name(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(
        HEAD
        + 'def z(x):\n    """Sums of neighbours; x is (N,)."""\n    p = np.pad(x, 2)\n    return p[:-4] * p[4:]\n\n\n'
        + "def J(z):\n    return np.sum(z ** 2)\n"
    )
    read = read_model(model, default)
    assert list(measure(read, drawn_quantities(read, default)).relations.values()) == ["N + 4"]


def test_each_step_of_a_new_assignment_is_told_when_it_begins(tmp_path: Path) -> None:
    model = tmp_path / "model.py"
    model.write_text(
        HEAD + 'def y(x: "N D", w: "D"):\n    return x @ w\n\n\ndef J(y, t: "N"):\n    return np.sum((y - t) ** 2)\n'
    )
    steps: list[str] = []
    make_blueprint(model, default, begins=steps.append)
    assert steps == ["finding sizes", "deriving gradients", "trying sample points"]


def test_an_interrupted_command_that_grades_nothing_does_not_speak_of_grades(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(write_folder, "refuse_existing", interrupt)
    done = CliRunner().invoke(main, ["new", "model.py"])
    assert done.exit_code == 3
    assert done.output == "interrupted\n"


def test_pythons_max_of_zeros_of_a_relu_has_no_derivative() -> None:
    graph = Graph(MODELS / "entries.py", ["x", "k", "t", "z", "a", "p"], ["z", "a", "p"], "loss")
    random = np.random.default_rng(0)
    inputs = {"x": random.normal(size=(8, 10)), "k": random.normal(size=(3, 3)), "t": random.normal(size=(3, 4))}
    z = graph.evaluate(inputs)["z"]
    z[:2, :2] = -1.0
    values = inputs | {"z": z, "a": np.where(z > 0, z, 0)}
    values["p"] = graph.functions["p"](values["a"])
    assert breaks_ties(graph, values, "a")
    assert not breaks_ties(graph, values, "z")


def test_pythons_max_of_entries_is_taken_of_a_whole_stack() -> None:
    graph = Graph(MODELS / "entries.py", ["x", "k", "t", "z", "a", "p"], ["z", "a", "p"], "loss")
    random = np.random.default_rng(0)
    values = graph.evaluate({"x": random.normal(size=(8, 10)), "k": np.ones((3, 3)), "t": np.ones((3, 4))})
    stack = random.normal(size=(5, 8, 10))
    found = graph.loss_at(values, "x", Stack(stack), for_stacks).values
    assert np.allclose(found, [graph.loss_at(values, "x", each) for each in stack], rtol=1e-13)


def test_a_flattened_pooling_is_taken_of_a_whole_stack() -> None:
    graph = Graph(
        MODELS / "six_loops.py",
        ["img", "K", "bias", "V", "target", "conv", "act", "pool", "pred"],
        ["conv", "act", "pool", "pred"],
        "L",
    )
    random = np.random.default_rng(0)
    shapes = {"img": (2, 4, 4), "K": (3, 2, 3, 3), "bias": (3,), "V": (5, 12), "target": (5,)}
    values = graph.evaluate({name: random.normal(size=shape) for name, shape in shapes.items()})
    stack = random.normal(size=(4, 3, 2, 3, 3))
    found = graph.loss_at(values, "K", Stack(stack), for_stacks).values
    assert np.allclose(found, [graph.loss_at(values, "K", each) for each in stack], rtol=1e-12)
