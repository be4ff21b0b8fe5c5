"""Reading a model by running it: units, names, what docstrings say, and what is reported when it cannot be read."""

import re
from pathlib import Path

import numpy as np
import pytest

import grader.derivation as engine
from grader.derivation.docstrings import Described, described, sample, sizes_for
from grader.derivation.graph.loading import Model
from grader.derivation.graph.recorder import new_graph


def written(folder: Path, source: str, doc: str = "x is (N, D), w is (D,).") -> Path:
    path = folder / "model.py"
    path.write_text(f'"""{doc}"""\n\nimport math\n\nimport numpy as np\n\n\n{source}\n')
    return path


UNREADABLE = {
    "a function without a rule": ("    return np.sum(np.sort(x @ w))", "np.sort", 9),
    "a function of math": ("    y = x @ w\n    return math.gamma(y[0])", "float(...) or a function of math", 10),
    "a keyword": ("    return np.sum(x @ w, where=x[:, 0] > 0)", "where", 9),
    "an unknown attribute": ("    return (x @ w).tobytes()", ".tobytes", 9),
    "an exception": ("    y = x @ w\n    z = y + 1\n    return z.sum() + undefined", "undefined", 11),
    "a mismatch": ("    return np.sum(w @ x)", "matmul", 9),
    "another loop in numpy": ("    return np.sum(np.apply_along_axis(sum, 0, x @ w))", "apply_along_axis", 9),
    "an operation at indices": (
        "    y = x @ w\n    np.maximum.at(y, [0], 1.0)\n    return y.sum()",
        "np.maximum.at",
        10,
    ),
    "einsum with a diagonal": ("    return np.einsum('ii', x @ x.T)", "einsum", 9),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_reported_with_its_line(tmp_path: Path, what: str) -> None:
    body, construct, line = UNREADABLE[what]
    path = written(tmp_path, f"def J(x, w):\n{body}")
    with pytest.raises(engine.Unreadable) as raised:
        engine.derive(path)
    assert construct in raised.value.construct
    assert (raised.value.file, raised.value.line) == (str(path), line)
    assert str(raised.value).startswith(f"{path}:{line}: cannot differentiate this: ")


def test_an_input_without_a_shape_is_reported_with_what_to_add(tmp_path: Path) -> None:
    path = written(tmp_path, "def J(x, v):\n    return np.sum(x @ v)")
    with pytest.raises(engine.Unreadable, match=r"no shape is given for v: add, for example, `v is \(N, D\).`"):
        engine.derive(path)


def test_functions_that_need_each_other_are_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "def a(b):\n    return b\n\n\ndef b(a):\n    return a\n\n\ndef J(a, x, w):\n    return a")
    with pytest.raises(engine.Unreadable, match="a needs b needs a"):
        engine.derive(path)


READABLE = {
    "float() of the loss": "return float(np.sum(x @ w))",
    "a python loop": "total = 0\n    for row in x:\n        total = total + np.tanh(row @ w)\n    return total",
    "a comprehension": "return sum(np.exp(-(row @ w) ** 2) for row in x)",
    "np.array of entries": "y = np.array([x[0] @ w, x[1] @ w])\n    return np.sum(y**2)",
    "a branch": "y = x @ w\n    return np.sum(y**2 if y[0] > 100 else y**3)",
    "methods": "return (x.dot(w)).reshape(-1, 1).T.mean(axis=None).item()",
    "in place": "y = x @ w\n    y *= 2\n    y[1:] += y[0]\n    y -= y.max()\n    return y.sum() + np.square(y).mean()",
    "a view": "y = np.zeros((2, len(x)))\n    row = y[0]\n    row[:] = x @ w\n    return np.sum(y**2)",
    "add.at": "y = np.zeros(3)\n    np.add.at(y, [0, 0, 2], (x @ w)[:3])\n    return np.sum(y**2)",
    "a mask": "y = x @ w\n    y[y < 0] = 0\n    return np.sum(y * x[:, 0])",
    "einsum": "return np.einsum('nd,d,n->', x, w, x[:, 0])",
    "ellipsis and newaxis": "return np.sum((x[..., None] * w[None, :, None]) ** 2)",
    "stacking": "return np.sum(np.stack([x @ w, x[:, 0]], axis=1) ** 3)",
    "six axes": "return np.sum(np.tanh(x.reshape(1, len(x), 1, -1, 1, 1) * w[:, None, None]) ** 2)",
    "cumsum and norm": "return np.linalg.norm(np.cumsum(x @ w)) + np.prod(1 + 0.1 * w)",
    "ufunc methods": "return np.add.reduce(np.multiply.outer(w, x @ w).sum(axis=0))",
    "a walrus and min": "return np.min((y := x @ w) ** 2) + np.ptp(w[:1]) if False else np.min((y := x @ w) ** 2)",
    "math": "return math.exp(-(x @ w)[0] ** 2) + math.sqrt(len(x)) * math.pow(w[0], 2) + math.pi",
    "keywords": "return np.sum(np.transpose(x, axes=(1, 0)) ** 2) + np.sum(np.moveaxis(x, 0, -1) @ x[:, 0])",
    "sizes": "n, d = x.shape\n    return np.sum(x @ w) / (n * d) + x.size * w[0] / np.sqrt(d)",
    "isinstance": "scale = 2.0\n    assert isinstance(scale, float)\n    return scale * np.sum(x @ w)",
}


@pytest.mark.parametrize("what", READABLE)
def test_what_can_be_read(tmp_path: Path, what: str) -> None:
    path = written(tmp_path, f"def J(x, w):\n    {READABLE[what]}")
    for formula in engine.derive(path, wrt=["x", "w"]).values():
        assert formula.verified, (formula.error, formula.text)


def test_a_model_is_run_with_numpy_itself_afterwards(tmp_path: Path) -> None:
    model = Model(written(tmp_path, "EPS = 0.5\n\n\ndef J(x, w):\n    return np.sum(np.zeros(3) + EPS)"))
    with model.on(new_graph({})) as functions:
        assert type(functions["J"](0, 0)).__name__ == "Tracer"
    assert model.functions["J"](0, 0) == 1.5


UNITS = {
    "sigmoid": "return 1 / (1 + np.exp(-a))",
    "sigmoid by tanh": "return 0.5 * (np.tanh(0.5 * a) + 1)",
    "sigmoid by cases": "z = np.exp(-np.abs(a))\n    return np.where(a >= 0, 1 / (1 + z), z / (1 + z))",
    "sigmoid in place": "out = np.zeros_like(a)\n    out[a >= 0] = 1 / (1 + np.exp(-a[a >= 0]))\n"
    "    out[a < 0] = np.exp(a[a < 0]) / (1 + np.exp(a[a < 0]))\n    return out",
    "relu": "return a * (a > 0)",
    "softplus": "return np.log1p(np.exp(a))",
    "softmax": "e = np.exp(a - a.max(-1, keepdims=True))\n    return e / e.sum(-1, keepdims=True)",
    "softmax of columns": "return np.exp(a) / np.exp(a).sum(0)",
    "log_softmax": "return a - np.log(np.exp(a).sum(-1, keepdims=True))",
    "tanh": "return (np.exp(a) - np.exp(-a)) / (np.exp(a) + np.exp(-a))",
}


@pytest.mark.parametrize("what", UNITS)
def test_units_are_recognized_by_their_values(tmp_path: Path, what: str) -> None:
    model = Model(written(tmp_path, f"def f(a):\n    {UNITS[what]}"))
    assert model.helpers == {"f": what.split()[0]}


@pytest.mark.parametrize(
    "body",
    ["return 2 / (1 + np.exp(-a))", "return np.maximum(a, 0.01 * a)", "return np.exp(a)", "return a", "return a.sum()"],
)
def test_other_functions_are_no_units(tmp_path: Path, body: str) -> None:
    assert Model(written(tmp_path, f"def f(a):\n    {body}")).helpers == {}


def test_units_written_out_in_the_middle_of_a_function_are_found(tmp_path: Path) -> None:
    source = "def p(x, w):\n    return 1 / (1 + np.exp(-(x @ w)))\n\n\ndef J(p):\n    return np.sum(p**2)"
    formula = engine.derive(written(tmp_path, source), wrt=["w"])["dJ_dw"]
    assert formula.text == "2 * (x.T @ (p**2 * (1 - p)))"


SAID = {
    "x is (N, D).": Described(("N", "D")),
    "a, x and c are (1, Dh).": Described(("1", "Dh")),
    "x : (N, D) array of all inputs": Described(("N", "D")),
    "x has shape (W - K + 1,).": Described(("W - K + 1",)),
    "a is (K,), x is (N, K), one-hot, b is (N, N).": Described(("N", "K"), "one_hot"),
    "a is (N, K), one-hot, and x is (N,), labels below K.": Described(("N",), "index", "K"),
    "x is an index below V, and y is (1, V), one-hot.": Described((), "index", "V"),
    "x is a positive number.": Described((), "positive"),
    "x is (N, D), probabilities.": Described(("N", "D"), "probability"),
    "x is (N, D), probabilities, z is (N, D), and y are (N,), labels.": Described(("N", "D"), "probability"),
    "x is (N, H), a mask of zeros and ones.": Described(("N", "H"), "mask"),
}


@pytest.mark.parametrize("doc", SAID)
def test_what_docstrings_say_of_an_input(tmp_path: Path, doc: str) -> None:
    inputs = [name for name in "a b c x y z".split() if re.search(rf"\b{name}(,| is| are| and| :| has)", doc)]
    model = Model(written(tmp_path, f"def J({', '.join(inputs)}):\n    return np.sum(x)", doc))
    assert described(model, "J")["x"] == SAID[doc]


@pytest.mark.parametrize(
    "annotation, expected",
    [('"N D"', ("N", "D")), ("\"Float[Array, 'N D']\"", ("N", "D")), ('"1 Dh"', ("1", "Dh")), ('"(N, D)"', ("N", "D"))],
)
def test_shapes_in_annotations(tmp_path: Path, annotation: str, expected: tuple[str, ...]) -> None:
    model = Model(written(tmp_path, f"def J(x: {annotation}):\n    return np.sum(x)", "Nothing."))
    assert described(model, "J")["x"].shape == expected


def test_sizes_differ_from_one_another_and_between_points() -> None:
    inputs = {"x": Described(("N", "D")), "y": Described(("N",), "index", "K")}
    first, second = sizes_for(inputs, 0), sizes_for(inputs, 1)
    assert set(first) == {"N", "D", "K"}
    assert len(set(first.values())) == 3
    assert all(first[name] != second[name] for name in first)
    point = sample(inputs)
    assert point.inputs["y"].max() < point.dimensions["K"]
    assert point.inputs["x"].shape == (first["N"], first["D"])
    assert np.issubdtype(point.inputs["y"].dtype, np.integer)
