"""`grader new`: models as textbooks write them become assignments that `grader validate` accepts."""

import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT
from test_language import PHRASES

from grader.config.load import load_config
from grader.newassignment.blueprint import Blueprint, make_blueprint
from grader.newassignment.config_text import config_text
from grader.newassignment.described_model import meaning, read_model
from grader.newassignment.student_pages import handout_page, student_file
from grader.newassignment.write_folder import assignment_files
from grader.validation.numbers import check_points, check_solution

Command = Callable[..., "subprocess.CompletedProcess[str]"]
MODELS = ROOT / "tests" / "models"
FILES = [
    "assignment/README.md",
    "assignment/gradients.py",
    "assignment/model.py",
    "assignment/shapes.md",
    "config.yaml",
    "solutions/derivation.md",
    "solutions/gradients.py",
]
# Each shows something of its own; the others are planned without running the command, which takes a third of the time.
WITH_THE_COMMAND = ["logistic_regression", "conv1d", "word2vec"]


def default(question: str, answer: str, choices: Iterable[str]) -> str:
    return answer


@cache
def planned(path: Path) -> Blueprint:
    return make_blueprint(path, default)


@cache
def files_of(path: Path) -> Mapping[str, str]:
    return assignment_files(planned(path))


def folder_files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".grader" not in str(path)
    )


def score(grader: Command, folder: Path, file: str) -> float:
    return float(json.loads(grader("grade", file, "--json", cwd=folder).stdout)["score"])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name != "conv1d")) for name in WITH_THE_COMMAND]
)
def test_the_assignment_of_a_textbook_model_is_sound(grader: Command, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    done = grader("new", MODELS / f"{name}.py", "-o", folder, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^sound: \d+ checks", done.stdout, re.MULTILINE)
    assert folder_files(folder) == FILES
    assert (folder / "assignment" / "model.py").read_bytes() == (MODELS / f"{name}.py").read_bytes()
    assert score(grader, folder, "solutions/gradients.py") == 100
    assert score(grader, folder, "assignment/gradients.py") == 0


# The slow ones have the largest arrays, or are like gru_step; test_formulas makes assignments of them too.
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in ("convolution", "lstm_step")))
        for path in [*sorted(MODELS.glob("*.py")), ROOT / "assignment" / "model.py"]
    ],
)
def test_every_textbook_model_has_a_solution_that_agrees_with_its_derivatives(path: Path) -> None:
    blueprint = planned(path)
    assignment = blueprint.assignment()
    assert sum(gradient.max_score for gradient in assignment.config.gradients) == 100
    assert all(error < 1e-6 for errors in assignment.numeric_errors.values() for error in errors)
    assert_upstream_first(blueprint)
    files = files_of(path)
    assert sorted(files) == FILES
    assert [name for name in assignment.names if f"\n## {name}\n" not in files["solutions/derivation.md"]] == []
    for name in ("assignment/README.md", "assignment/shapes.md"):
        assert [pattern for pattern, _ in PHRASES if re.search(pattern, files[name])] == []


def assert_upstream_first(blueprint: Blueprint) -> None:
    seen: set[str] = set()
    for name, formula in blueprint.chosen.formulas.items():
        assert set(formula.upstream) <= seen, f"{name} stands before {formula.upstream}"
        seen.add(name)


def test_the_handout_holds_no_formula_and_accepts_the_solution(grader: Command, tmp_path: Path) -> None:
    """And the handout works where sizes depend on one another, or where the solution needs more than two rows."""
    for name in ("conv1d", "batch_norm"):
        folder = tmp_path / name
        blueprint = planned(MODELS / f"{name}.py")
        for path, text in files_of(MODELS / f"{name}.py").items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        packed = grader("handout", "--force", cwd=folder)
        assert packed.returncode == 0, packed.stderr
        zipfile.ZipFile(folder / "handout.zip").extractall(folder / "student")
        (folder / "student" / "gradients.py").write_text(blueprint.source)
        done = grader("check", cwd=folder / "student")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_handout_says_how_sizes_depend_on_one_another() -> None:
    text = " ".join(files_of(MODELS / "conv1d.py")["assignment/README.md"].split())
    assert "change from one sample point to the next. `O` is `W - K + 1`." in text


def test_two_runs_differ_in_the_seed_only() -> None:
    first, second = (assignment_files(make_blueprint(MODELS / "affine.py", default)) for _ in range(2))
    seeds = [re.findall(r'seed: "([0-9a-f]{32})"', each["config.yaml"]) for each in (first, second)]
    assert len(seeds[0]) == 1
    assert seeds[0] != seeds[1]
    assert first["config.yaml"].replace(seeds[0][0], seeds[1][0]) == second["config.yaml"]
    assert {name: text for name, text in first.items() if name != "config.yaml"} == {
        name: text for name, text in second.items() if name != "config.yaml"
    }


def test_the_config_says_what_the_docstrings_say(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(files_of(ROOT / "assignment" / "model.py")["config.yaml"])
    config = load_config(path)
    kinds = {name: type(quantity).__name__ for name, quantity in config.quantities.items()}
    assert {name: kinds[name] for name in ("x", "y", "h_prev", "L", "e")} == {
        "x": "Index",
        "y": "OneHot",
        "h_prev": "Uniform",
        "L": "Normal",
        "e": "Computed",
    }
    ours = load_config(ROOT / "config.yaml")
    assert all(config.shape_of(name) == ours.shape_of(name) for name in ours.quantities)
    assert config.title == ours.title
    assert {gradient.of for gradient in ours.gradients} <= {gradient.of for gradient in config.gradients}


def test_tables_of_the_handout_say_what_each_quantity_means() -> None:
    read = planned(MODELS / "softmax_regression.py").read
    assert meaning(read, "X") == "a minibatch with one example a row"
    assert meaning(read, "b") == "the biases"
    assert meaning(read, "P") == "the class probabilities, the softmax of each row of scores"
    assert meaning(read, "scores") == "a score for each example and class, `X W + b`"
    read = planned(MODELS / "two_layer_relu.py").read
    assert meaning(read, "W2") == "weights of the second layer"


def test_parentheses_of_a_size_stay_in_the_table_of_the_handout(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(
        "def loss(p, t):\n"
        '    """p is (H, W), the image; t is (P, Q), the target, with P = (H - 2) // 2 and Q = (W - 2) // 2."""\n'
        "    return ((p[2::2, 2::2] - t) ** 2).sum()\n"
    )
    read = read_model(tmp_path / "model.py", default)
    assert meaning(read, "t") == "the target, with P = (H - 2) // 2 and Q = (W - 2) // 2"


def test_students_read_that_labels_and_words_are_whole_numbers_and_a_bias_is_a_number() -> None:
    texts = planned(ROOT / "gallery" / "embedding" / "assignment" / "model.py")
    assert "s.words   (N, T) int" in student_file(texts.config, texts.read)
    page = handout_page(texts.config, texts.read, {})
    assert "| `words` | (N, T) int | the words of each text, indices below V |" in page
    binary = planned(ROOT / "gallery" / "logistic-regression" / "assignment" / "model.py")
    assert binary.data["quantities"]["y"] == {"sample": "bernoulli", "shape": ["N"]}
    assert '"""dJ/db, a number."""' in student_file(binary.config, binary.read)
    assert "| `b` | a number | the bias |" in handout_page(binary.config, binary.read, {})


def test_the_text_of_an_assignment_with_one_function_speaks_of_one_function() -> None:
    blueprint = make_blueprint(MODELS / "affine.py", default, function="affine_backward")
    files = assignment_files(blueprint)
    page = " ".join(files["assignment/README.md"].split())
    assert "with this function. [gradients.py](gradients.py) in this folder has an empty stub for it." in page
    assert "If you can't derive a gradient, return `None` for it." in page
    assert "you lose the gradients that depend on it, not the others" in page
    for words in ("hese functions", "leave its stub", "Your functions", "Each function", "costs you that gradient"):
        assert words not in page
    assert "write _ in its place under `returns`" in files["config.yaml"]


HEAD = "import numpy as np\n\n\n"
ERRORS = {
    "no shape": (
        "def z(x, W):\n    return x @ W\n\n\ndef J(z, t):\n    return np.sum(z * t)\n",
        4,
        "no shape is given for x, W, t: add it to a docstring",
    ),
    "shapes that do not fit": (
        'def z(x: "N D", W: "K D"):\n    return x @ W\n\n\ndef J(z, t: "N K"):\n    return np.sum(z * t)\n',
        5,
        "the docstrings say: x is (N, D), W is (K, D)",
    ),
    "zeros": (
        'def h(x: "N D"):\n    return 0 * x\n\n\ndef J(h):\n    return np.sum(h**2)\n',
        4,
        "h is zero everywhere",
    ),
    "not for complex numbers": (
        'def h(x: "N D"):\n    return 2 * x.astype(float)\n\n\ndef J(h):\n    return np.sum(h**2)\n',
        5,
        "leave out the conversion to real numbers",
    ),
    "a real part": (
        'def h(x: "N D"):\n    return np.real(np.tanh(x))\n\n\ndef J(h):\n    return np.sum(h**2)\n',
        4,
        "must not lose the imaginary part",
    ),
    "random numbers": (
        'def h(x: "N D"):\n    return np.tanh(x) * np.random.rand()\n\n\ndef J(h):\n    return np.sum(h**2)\n',
        4,
        "h: two runs of the model differ, so it must not draw random numbers",
    ),
    "not differentiable": (
        'def h(x: "N D"):\n    return np.sort(x, axis=1)\n\n\ndef J(h):\n    return np.sum(h**2)\n',
        5,
        "sort",
    ),
    "no Python": ("def h(x:\n    return x\n", 4, "does not run: SyntaxError"),
    "no function": ("A = 1\n", 1, "no function is defined here"),
}


NATURAL = '''
"""A classifier of texts.

E is (V, d), the word vectors.  words is (N, T), indices below V.  W is (d, K).  b is a number.
keep is (N, d), a mask of zeros and ones.  y is (K, 1), one-hot.
"""

import numpy as np


def e(E, words, keep):
    """The mean word vectors: (N, d)."""
    return np.mean(E[words], axis=1) * keep


def h(e, W, b):
    """The hidden layer: (N, K)."""
    return np.maximum(0, e @ W + b)


def J(h, y):
    return np.sum((h @ y) ** 2)
'''


def test_numbers_index_arrays_masks_columns_and_relus_are_taken_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "texts.py"
    path.write_text(NATURAL)
    made = make_blueprint(path, default)
    entries = made.data["quantities"]
    assert entries["words"] == {"sample": "index", "of": "V", "shape": ["N", "T"]}
    assert entries["b"] == {"sample": "normal", "shape": []}
    assert entries["keep"] == {"sample": "bernoulli", "shape": ["N", "d"]}
    assert entries["y"] == {"sample": "one_hot", "shape": ["K", 1]}
    assert {each.of for each in made.config.gradients} == {"E", "e", "h", "W", "b"}
    (tmp_path / "config.yaml").write_text(config_text(made))
    assert load_config(tmp_path / "config.yaml") == made.config


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("x: A numpy array of inputs, of shape (N, D)", {"sample": "normal", "shape": ["N", "D"]}),
        ("x -- the inputs, a numpy array of size (N, D)", {"sample": "normal", "shape": ["N", "D"]}),
        ("x (np.ndarray): inputs, one row per token, shape (N, D)", {"sample": "normal", "shape": ["N", "D"]}),
        ("x : ndarray of shape (N, D)\n    The inputs.", {"sample": "normal", "shape": ["N", "D"]}),
        ("x is (N, D), adjacency matrix of 0 and 1.", {"sample": "bernoulli", "shape": ["N", "D"]}),
        ("x is (N, D), labels, each -1 or 1.", {"sample": "sign", "shape": ["N", "D"]}),
        (
            "x -- labels, 0 if it is no cat and 1 if it is one, of size (N, D)",
            {"sample": "bernoulli", "shape": ["N", "D"]},
        ),
        ("x is (N, D), numbers between 0 and 1.", {"sample": "uniform", "low": 0.1, "high": 0.9, "shape": ["N", "D"]}),
        ("x (float): the input.", {"sample": "normal", "shape": []}),
    ],
)
def test_docstrings_may_be_written_as_courses_write_them(tmp_path: Path, words: str, entry: dict[str, object]) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        f'"""A model.\n\n{words}\nW is (D, K).  t is (N, K).\n"""\n\n{HEAD}def z(x, W):\n    """(N, K)"""\n'
        "    return np.sum(1 + x) * np.sum(W)\n\n\ndef J(z, t):\n    return np.sum((z - t) ** 2)\n"
    )
    assert make_blueprint(path, default).data["quantities"]["x"] == entry


def test_several_indices_may_share_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        '"""A model.\n\nE is (V, d).  w1 and w2 are the indices of two words, below V.\n"""\n\n'
        + HEAD
        + "def e(E, w1, w2):\n"
        "    return E[w1] * E[w2]\n\n\ndef J(e):\n    return np.sum(e**2)\n"
    )
    quantities = make_blueprint(path, default).data["quantities"]
    assert quantities["w1"] == quantities["w2"] == {"sample": "index", "of": "V"}


NATURAL_MODELS = {
    "variances and norms": (
        "h = (x - x.mean(axis=0)) / np.std(x, axis=0)\n    return h / np.linalg.norm(h, axis=1, keepdims=True)",
        "np.sum(np.logaddexp(0, h) * t)",
    ),
    "a mask of scores": (
        "return x @ x.T - 1e9 * np.triu(np.ones((len(x), len(x))), 1)",
        "np.sum(np.exp(h)[:, :1] * t)",
    ),
    "minus infinity": (
        "s = np.where(np.tri(len(x)) == 0, -np.inf, x @ x.T)\n    e = np.exp(s)\n    return e / e.sum(1)[:, None]",
        "np.sum((h @ t) ** 2)",
    ),
    "two heads": ("return x.reshape(len(x), 2, -1).transpose(1, 0, 2)", "np.sum(h**2 * t)"),
    "minus a comparison": ("return np.sum(x, axis=1, keepdims=True)", "np.sum(np.maximum(0, 1 - h)) + np.sum(0 * t)"),
    "only the shape of an input": ("return x * 2", "np.sum(h**2) / x.shape[1] + np.sum(t)"),
}


@pytest.mark.parametrize("name", NATURAL_MODELS)
def test_a_model_may_be_written_with_what_numpy_has(tmp_path: Path, name: str) -> None:
    body, loss = NATURAL_MODELS[name]
    path = tmp_path / "mine.py"
    also = ", x" if "x." in loss else ""
    path.write_text(
        f'"""A model.\n\nx is (N, D).  t is (N, 1).\n"""\n\n{HEAD}def h(x):\n    {body}\n\n\n'
        f"def J(h, t{also}):\n    return {loss}\n"
    )
    made = make_blueprint(path, default)
    assert "dJ_dx" in made.chosen.formulas
    assert assignment_files(made)["solutions/derivation.md"]
    for check in (check_points, check_solution):
        assert check(made.assignment()).outcome == "passed", name


def test_a_gradient_that_is_a_constant_of_the_file_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        '"""x is (N, D)."""\n\n' + HEAD + "beta = 0.3\n\n\ndef a(x):\n    return np.sum(x**2)\n\n\n"
        "def b(x):\n    return np.sum(x**4)\n\n\ndef J(a, b):\n    return beta * a - (1 - beta) ** 2 * b\n"
    )
    made = make_blueprint(path, default)
    assert list(made.chosen.formulas) == ["dJ_dx"]
    assert "dJ_db is not asked: it is constant" in made.notes


@pytest.mark.parametrize(
    ("doc", "title"),
    [
        ("One step of a GRU (Cho et al. 2014).", "Gradients of one step of a GRU (Cho et al. 2014)"),
        ("x is (N, D), the inputs.", "Gradients of mine"),
    ],
)
def test_the_title_is_the_first_sentence_if_that_is_one(tmp_path: Path, doc: str, title: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(f'"""{doc}\n\nx is (N, D).\n"""\n\n{HEAD}def J(x):\n    return np.sum(x**3)\n')
    assert make_blueprint(path, default).title == title


def test_a_model_may_take_absolute_values(tmp_path: Path) -> None:
    path = tmp_path / "absolute.py"
    path.write_text(
        HEAD
        + 'def y(x: "N D", w: "D"):\n    return abs(x) @ w\n\n\ndef J(y, t: "N"):\n    return np.sum(np.abs(y - t))\n'
    )
    made = make_blueprint(path, default)
    assert "dJ_dw" in made.chosen.formulas
    assert check_solution(made.assignment()).outcome == "passed"


@pytest.mark.parametrize("case", ERRORS)
def test_what_a_model_lacks_is_reported_with_file_and_line(tmp_path: Path, case: str) -> None:
    source, line, message = ERRORS[case]
    path = tmp_path / "mine.py"
    path.write_text(HEAD + source)
    with pytest.raises(Exception) as caught:  # noqa: PT011, its class is asserted below
        make_blueprint(path, default)
    assert type(caught.value).__name__ == "ConfigError"
    assert str(caught.value).startswith(f"{path}:{line}: "), caught.value
    assert message in str(caught.value)


def test_an_error_ends_the_command_with_2_and_writes_nothing(grader: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(HEAD + ERRORS["no shape"][0])
    done = grader("new", tmp_path / "mine.py")
    assert done.returncode == 2
    assert f"error: {tmp_path}/mine.py:4: no shape is given" in done.stderr
    assert not (tmp_path / "mine").exists()


def test_a_model_that_is_not_there_is_named(grader: Command, tmp_path: Path) -> None:
    done = grader("new", "nowhere.py", cwd=tmp_path)
    assert done.returncode == 2
    assert "error: nowhere.py: there is no such file" in done.stderr


def test_nothing_is_overwritten(grader: Command, tmp_path: Path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    done = grader("new", MODELS / "affine.py", "-o", folder)
    assert done.returncode == 2
    assert "this folder is not empty, and nothing is overwritten" in done.stderr
    assert folder_files(folder) == ["notes.txt"]


def test_the_folder_is_beside_the_model_and_a_question_without_a_terminal_takes_its_default(
    grader: Command, tmp_path: Path
) -> None:
    source = (MODELS / "affine.py").read_text().replace('"""A fully connected layer, as in cs231n."""\n', "")
    (tmp_path / "my_layer.py").write_text(source)
    done = grader("new", "my_layer.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Title: Gradients of my layer (the default)" in done.stdout
    assert load_config(tmp_path / "my_layer" / "config.yaml").title == "Gradients of my layer"


def test_questions_are_asked_where_the_model_does_not_answer_them(tmp_path: Path) -> None:
    asked: dict[str, list[str]] = {}

    def answer(question: str, default: str, choices: Iterable[str]) -> str:
        asked[question] = [default, *choices]
        return {"Which function is the loss?": "first"}.get(question, default)

    (tmp_path / "two.py").write_text(
        HEAD
        + 'def z(x: "N D"):\n    """Two ends."""\n    return x**2\n\n\ndef first(z, a: "N D"):\n    return np.sum(z * a)\n'
        '\n\ndef second(z, a: "N D"):\n    return np.sum(z * a**2)\n'
    )
    blueprint = make_blueprint(tmp_path / "two.py", answer)
    assert asked == {
        "Which function is the loss?": ["second", "first", "second"],
        "Title": ["Gradients of two"],
    }
    assert list(blueprint.chosen.formulas) == ["dfirst_dx"]
