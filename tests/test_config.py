"""config.yaml and its errors: one line, with the file, the line, the key, what was expected and what was found."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from grader.config.dimensions import FormulaError, evaluate, resolved
from grader.config.find import OPTION, find_config
from grader.config.keys import Config, schema
from grader.config.load import load_config, self_contained
from grader.config.yamlfile import YamlFile
from grader.config.yamlnodes import parse
from grader.errors import ConfigError
from grader.problem.assignment import load_assignment

TEXT = (ROOT / "config.yaml").read_text()
SEED = load_config(ROOT / "config.yaml").steps.seed

# (what stands in the file, what to put there, the key's path, words of the message)
MISTAKES = [
    ("wall_factor:", "wall_facto:", "sandbox.wall_facto", "unknown key; did you mean wall_factor?"),
    ("title:", "titel:", "titel", "unknown key; did you mean title?"),
    ("require: strong", "zzz: 3", "sandbox.zzz", "unknown key; expected one of require, call_cpu_seconds"),
    ("count: 4", "count: four", "steps.count", "expected a whole number, found 'four'"),
    ("count: 4", "count: 1", "steps.count", "expected a whole number, at least 2, found 1"),
    (f'"{SEED}"', "590233417", "steps.seed", "import secrets; print(secrets.token_hex(16))"),
    (f'"{SEED}"', f'"{SEED[1:]}"', "steps.seed", "expected 32 hexadecimal digits in quotes"),
    (f'"{SEED}"', f'"{SEED[1:]}g"', "steps.seed", "expected 32 hexadecimal digits in quotes"),
    (f'"{SEED}"', 32 * "7", "steps.seed", "found 32 characters, int"),
    ("tolerance: 1e-6", "tolerance: small", "checks.finite_difference.tolerance", "expected a number, found 'small'"),
    (
        "sample: normal, shape: [V, d]",
        "sample: norml, shape: [V, d]",
        "quantities.L.sample",
        "found norml; did you mean normal?",
    ),
    ("scale: 0.5}", "scal: 0.5}", "quantities.H.scal", "unknown key; did you mean scale?"),
    ("[V, d]", "[V, q]", "quantities.L.shape[1]", "expected a dimension (V, d, Dh), found q"),
    ("[V, d]", "[V, 0]", "quantities.L.shape[1]", "expected a dimension (V, d, Dh), found 0"),
    ("shape: [1, V]}", "shape: []}", "quantities.y.shape", "expected at least one axis, found none"),
    ("shape: [1, V]}", "shape: [1, V], axis: 2}", "quantities.y.axis", "expected an axis from -2 to 1, found 2"),
    ("shape: [1, V]}", "shape: [1, V], axis: 0}", "quantities.y.shape", "expected more than one entry along the axis"),
    ("[V, d]", "[V, d, 1, 1, 1, 1, 1]", "quantities.L.shape", "expected a list of at most 6 entries, found a list"),
    ("[V, d]", "[V, d - q]", "quantities.L.shape[1]", "expected a dimension (V, d, Dh), found q"),
    ("[V, d]", "[V, d - 2 * d]", "quantities.L.shape[1]", "expected a size of 1 or more, found d - 2 * d"),
    ("[V, d]", "[V, len(d)]", "quantities.L.shape[1]", "expected whole numbers and names with +, -, * and //"),
    ("[5, 6, 4]", "2 * q", "dimensions.d", "expected another dimension (V, d, Dh), found q"),
    ("[5, 6, 4]", "V - 4", "dimensions.d", "found V - 4 = 7, the size of Dh, at sample point 1"),
    ("[5, 6, 4]", "V - 20", "dimensions.d", "expected a size from 2 to 1000, found V - 20 = -9 at sample point 1"),
    ("[5, 6, 4]", "d + 1", "dimensions.d", "d needs d: sizes cannot need themselves"),
    ("[5, 6, 4]", "V // (Dh - Dh)", "dimensions.d", "divides by zero"),
    ("[5, 6, 4]", "V.__class__", "dimensions.d", "expected whole numbers and names with +, -, * and //"),
    ("[5, 6, 4]", "W -", "dimensions.d", "expected a formula such as W - K + 1"),
    ("[5, 6, 4]", "[5, 6, 9]", "dimensions.d[2]", "expected a size different from V, found 9 for both"),
    ("[5, 6, 4]", "[5, 6]", "dimensions", "expected equally many sizes for every dimension, found V 3, d 2, Dh 3"),
    ("[5, 6, 4]", "[5, 6, 1]", "dimensions.d[2]", "expected a whole number, at least 2, found 1"),
    (
        "  V: [",
        "  V-x: [21, 22, 23]\n  V: [",
        "dimensions.V-x",
        "expected a name of letters, digits and _, found 'V-x'",
    ),
    ("of: U,", "of: UU,", "gradients[1].of", "found UU; did you mean U?"),
    ("of: U,", "of: y,", "gradients[1].of", "expected a quantity of real numbers, found y"),
    ("name: dJ_dU", "name: dJ-dU", "gradients[1].name", "expected a name of letters, digits and _, found 'dJ-dU'"),
    ("name: dJ_dU", "name: dJ_db2", "gradients[1].name", "expected a name of its own, found dJ_db2 again"),
    ("- {name: dJ_dU", "- {nam: dJ_dU", "gradients[1].nam", "unknown key; did you mean name?"),
    ("name: dJ_dU, of: U", "name: dJ_dU", "gradients[1]", "the key of is missing"),
    (
        "of: U, max_score: 15",
        "of: U, max_score: -1",
        "gradients[1].max_score",
        "expected a number, more than 0, found -1",
    ),
    (
        "of: U, max_score: 15",
        "of: U, max_score: 15, shares: {shape: 1, finite_difference: 1, reference: 0}",
        "gradients[1].shares",
        "expected shares that add up to 1, found 2",
    ),
    (
        "submission: gradients.py",
        "submission: a/gradients.py",
        "submission",
        "expected the name of a file, without a folder, found 'a/gradients.py'",
    ),
    (
        "submission: gradients.py",
        "submission: gradients",
        "submission",
        "expected the name of a .py or .ipynb file, found",
    ),
    ("share: 0.2", "share: 0.3", "checks", "expected shares that add up to 1, found 1.1"),
    ("share: 0.2", "share: 1.3", "checks.shape.share", "expected a number, at most 1, found 1.3"),
    ("low: 0.1", "low: 0.95", "quantities.h_prev.low", "expected low < high, found 0.95 and 0.9"),
    ("differs_from: y", "differs_from: L", "quantities.x.differs_from", "expected a one_hot quantity (y), found L"),
    ("of: V, differs_from", "of: v, differs_from", "quantities.x.of", "expected a dimension (V, d, Dh), found v"),
    (
        "objective: cross_entropy",
        "objective: accuracy",
        "objective",
        "expected one of (cross_entropy, log_likelihood), found accuracy",
    ),
    (
        "visibility: {shape: visible,",
        "visibility: {shape: always,",
        "gradescope.visibility.shape",
        "expected one of (after_due_date, after_published, hidden, visible), found always",
    ),
    ("visibility: {shape: v", "visibility: {shap: v", "gradescope.visibility.shap", "unknown key; did you mean shape?"),
    (
        "  hints: all                       #",
        "  hints: some                      #",
        "feedback.hints",
        "expected one of (all, first, none), found some",
    ),
    ("share: 0.2", "share: 0.2\n    share: 0.2", None, "the key share stands here twice"),
    ("count: 4", "count: [", None, "not valid YAML"),
    ("title:", "\ttitle:", None, "not valid YAML"),
]


def broken(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TEXT
    path = tmp_path / "config.yaml"
    path.write_text(TEXT.replace(old, new, 1))
    return path


@pytest.mark.parametrize(("old", "new", "keys", "words"), MISTAKES, ids=[f"{m[2]}:{m[1][:20]}" for m in MISTAKES])
def test_a_mistake_is_one_line_that_names_file_line_key_and_the_remedy(
    tmp_path: Path, old: str, new: str, keys: str | None, words: str
) -> None:
    path = broken(tmp_path, old, new)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}:")
    assert words in message
    if keys is not None:
        line = int(message.removeprefix(f"{path}:").partition(":")[0])
        assert f": {keys}: " in message
        assert (
            line == 1
            or new.strip(" []")[:5] in path.read_text().splitlines()[line - 1]
            or keys in ("checks", "dimensions")
            or keys.startswith("quantities.y")
        )


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = TEXT
    for old, new in [
        ("loss: J", "los: J"),
        ("[5, 6, 4]", "[5, 6, 9]"),
        ("count: 4", "count: four"),
        ("[V, d]", "[V, q]"),
        ("sample: uniform", "sample: unifrom"),
        ("of: U,", "of: UU,"),
        ("of: h,", "of: h, marks: 2,"),
        ("share: 0.2", "share: 0.3"),
        ("memory_mb: 512", "memory_mb: 5"),
    ]:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "los", "dimensions.d[2]", "steps.count", "quantities.L.shape[1]", "quantities.h_prev.sample", "gradients[1].of",
        "gradients[2].marks", "checks", "sandbox.memory_mb",
    ]  # fmt: skip
    numbers = [int(line.removeprefix(f"{path}:").partition(":")[0]) for line in lines]
    assert numbers == sorted(numbers)


def test_what_is_missing_is_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("title: x\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    missing = [line.partition("the key ")[2].split()[0] for line in str(caught.value).splitlines() if "the key" in line]
    assert missing == ["model", "dimensions", "quantities", "gradients"]


SHORT = """\
title: Least squares
model: model.py
dimensions: {N: [5, 6], D: 4, P: 2 * D}
quantities:
  X: {sample: normal, shape: [N, D]}
  w: {sample: normal, shape: [D, 3 * D]}
  reg: 1e-3
  stride: 2
  p: {sample: model, shape: [N]}
gradients: [{name: dw, of: w}]
"""


def test_a_config_needs_title_model_dimensions_quantities_and_gradients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SHORT)
    monkeypatch.setenv("GRADER_SEED", SEED)
    config = load_config(path)
    assert (config.loss, config.submission, config.objective) == ("J", "gradients.py", "cross_entropy")
    assert (config.steps.seed, config.steps.count, config.gradients[0].max_score) == (SEED, 4, 10)
    whole = load_config(ROOT / "config.yaml")
    assert (config.checks, config.follow_through, config.sandbox) == (whole.checks, whole.follow_through, whole.sandbox)
    assert config.sizes(1) == {"N": 6, "D": 4, "P": 8}
    assert config.quantities["reg"].value == 1e-3  # type: ignore[union-attr]
    assert config.whole_constants == {"stride": 2}
    assert load_config_from(tmp_path, self_contained(path)) == config


def load_config_from(folder: Path, data: bytes) -> Config:
    path = folder / "packed.yaml"
    path.write_bytes(data)
    return load_config(path)


@pytest.mark.parametrize("found, words", [(None, "found neither"), ("12345", "GRADER_SEED has 5 characters")])
def test_without_a_seed_the_error_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str | None, words: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SHORT)
    monkeypatch.delenv("GRADER_SEED", raising=False)
    if found is not None:
        monkeypatch.setenv("GRADER_SEED", found)
    with pytest.raises(
        ConfigError, match=r"steps: no seed: here, or as GRADER_SEED.*secrets\.token_hex\(16\)"
    ) as caught:
        load_config(path)
    assert words in str(caught.value)
    assert "12345" not in str(caught.value)


def test_sizes_that_are_too_alike_come_with_one_that_would_do(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    text = TEXT.replace("[5, 6, 4]", "V - 4")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"could not tell them apart; Dh = \d+ would do"):
        load_config(path)


SIZES = st.integers(1, 60)


@given(a=SIZES, b=SIZES, c=SIZES)
def test_formulas_of_sizes_are_whole_number_arithmetic(a: int, b: int, c: int) -> None:
    sizes = {"a": a, "b": b, "c": c}
    assert evaluate("(a - b + 2 * c) // c + 1", sizes) == (a - b + 2 * c) // c + 1
    assert evaluate("-a * (b + 3)", sizes) == -a * (b + 3)
    assert resolved({"z": "y + 1", "y": "2 * x", "x": [a, b]}, 1, {}) == {"z": 2 * b + 1, "y": 2 * b, "x": b}


@given(st.text(max_size=60))
def test_any_other_text_is_no_formula(text: str) -> None:
    with contextlib.suppress(FormulaError):
        assert isinstance(evaluate(text, {"a": 1}), int)


@pytest.mark.parametrize(
    "formula", ["9**9**9", "a.b", "f(1)", "[1]", "1.5", "True", "'x'", "a if a else 1", "10**9 * 10**9"]
)
def test_a_formula_calls_and_computes_nothing_else(formula: str) -> None:
    with pytest.raises(FormulaError):
        evaluate(formula, {"a": 1})


def test_a_number_may_be_written_without_a_dot() -> None:
    assert load_config(ROOT / "config.yaml").checks.finite_difference.tolerance == 1e-6


@pytest.mark.parametrize("content", [b"", b"- 1\n", b"just words\n", b"\xff\xfe\x00", b"a: &a [*a]\n", b"{" * 5000])
def test_a_file_that_is_no_config_at_all_is_a_config_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the keys title, model, dimensions, quantities, gradients, found nothing: the file is empty"),
        ("title: a\n---\ntitle: b\n", ":2: not valid YAML: expected one document, found a second one after a line ---"),
        (
            TEXT + "late: {due: 2026-10-02, per_day: 10 points}\n",
            "late.per_day: expected a share of the marks such as 10%, or marks such as 5 marks, found '10 points'",
        ),
    ],
)
def test_what_is_expected_is_said_in_plain_words(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path / "config.yaml")
    assert message in str(error.value)


def test_without_a_config_the_message_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.yaml in .* or above.*config=PATH"):
        find_config(tmp_path)
    with pytest.raises(ConfigError, match="--config PATH"):
        find_config(tmp_path, option=OPTION)


def test_the_nearest_config_upwards_is_found(copy_of_assignment: Path) -> None:
    assert find_config(copy_of_assignment / "assignment") == copy_of_assignment.resolve() / "config.yaml"


def test_the_schema_that_editors_use_is_the_one_of_the_types() -> None:
    kept = ROOT / "docs" / "config.schema.json"
    assert kept.read_bytes() == schema(), "run `make schema`"
    assert TEXT.startswith("# yaml-language-server: $schema=docs/config.schema.json\n")


def test_every_key_that_the_types_know_stands_in_the_file_with_a_comment() -> None:
    definitions = json.loads(schema())["$defs"]
    keys = {
        key
        for name, d in definitions.items()
        for key in d.get("properties", {})
        if name not in ("Shares", "DeclaredPart", "DeclaredParts")
    }
    missing = [key for key in sorted(keys) if f"{key}:" not in TEXT]
    written_by_the_grader, optional = {"handout", "originals"}, {"solution"}
    assert set(missing) - optional == written_by_the_grader


# What is wrong with the files that a config names: (file, old text, new text or None to delete it, words).
FILES = [
    ("assignment/model.py", "def h(", "def hh(", ":43: expected a function h(...), found none; did you mean hh?"),
    ("assignment/model.py", "def h(", "def other(", "expected a function h(...) for y_hat, found none; config.yaml"),
    ("assignment/model.py", "def h(z):", "def h(zz):", "h(zz): zz is no quantity of config.yaml"),
    ("assignment/model.py", "def e(L, x):", "def e(L, x, z):", "e needs z needs e: quantities cannot need themselves"),
    (
        "assignment/model.py",
        "return sigmoid(z)",
        "return sigmoid(z)[0]",
        "h: expected shape (1, 7) at sample point 1, found (7,)",
    ),
    (
        "assignment/model.py",
        "return sigmoid(z)",
        "return sigmoid(z) / 0 * 0",
        "h: expected finite numbers at sample point 1",
    ),
    (
        "assignment/model.py",
        "return sigmoid(z)",
        "return sigmoid(z) * 0",
        "h: expected other numbers than zeros at sample point 1",
    ),
    ("assignment/model.py", "return sigmoid(z)", "return undefined(z)", "does not run at sample point 1: NameError"),
    ("assignment/model.py", "axis=(-2, -1)", "axis=-1", "J: expected a number, found shape (1,)"),
    ("assignment/model.py", "import numpy", "import nunpy", "model.py:19: does not run: ModuleNotFoundError"),
    ("assignment/model.py", "def h(z):", "def h(z:", "does not run: SyntaxError"),
    ("assignment/model.py", "", None, "cannot be read: No such file"),
    (
        "solutions/gradients.py",
        "def dJ_dH(",
        "def dJ_dHH(",
        "expected a function dJ_dH(s), found none; did you mean dJ_dHH?",
    ),
    ("solutions/gradients.py", "", None, "cannot be read: No such file"),
    ("solutions/gradients.py", "return s.y_hat - s.y", "return s.yhat - s.y", "dJ_db2 does not run: AttributeError"),
]


@pytest.mark.parametrize(("name", "old", "new", "words"), FILES, ids=[f"{f[0]}:{f[3][:30]}" for f in FILES])
@pytest.mark.filterwarnings("ignore:.*divide.*:RuntimeWarning", "ignore:.*invalid.*:RuntimeWarning")
def test_a_file_that_the_config_names_and_that_is_wrong_is_named(
    copy_of_assignment: Path, name: str, old: str, new: str | None, words: str
) -> None:
    path = copy_of_assignment / name
    if new is None:
        path.unlink()
    else:
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        assignment = load_assignment(
            load_config(copy_of_assignment / "config.yaml"), copy_of_assignment, with_solution=True
        )
        assert assignment.exact
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sizes_go_round_from_step_to_step(assignment: object) -> None:
    config: Config = assignment.config  # type: ignore[attr-defined]
    assert [config.sizes(k)["V"] for k in range(4)] == [11, 13, 9, 11]


KEYS = st.text("abcdefgh_0123456789é", min_size=1, max_size=8)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(-1e6, 1e6)
    | st.text("ab '\"\\#:-é\t", max_size=8)
)
VALUES = st.recursive(
    LEAVES, lambda some: st.lists(some, max_size=3) | st.dictionaries(KEYS, some, max_size=3), max_leaves=8
)


@given(data=st.dictionaries(KEYS, VALUES, max_size=4))
def test_json_is_read_as_the_yaml_that_it_is(tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    text = "# a comment\n" + json.dumps(data, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    assert YamlFile(path).data == parse(text) == data


@pytest.mark.parametrize(
    "text, expected",
    [
        ('{"a": 1,\n "a": 2}', r"config\.yaml:2: the key a stands here twice"),
        ('{"a": 1,\n "b": }', None),
        ('{"a": 1,\n "b": [}', r"config\.yaml:2: not valid YAML"),
        ("{a: NaN}", None),
    ],
)
def test_what_is_almost_json_is_read_as_yaml(tmp_path: Path, text: str, expected: str | None) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    if expected is None:
        assert YamlFile(path).data == parse(text)
    else:
        with pytest.raises(ConfigError, match=expected):
            YamlFile(path)
    path.write_text('{"a": 1,\n "b": [2,\n  3]}')
    assert YamlFile(path).line(["b", 1]) == 3


def test_a_gradient_of_another_quantity_than_its_solution_is_a_mistake_of_the_config(copy_of_assignment: Path) -> None:
    path = copy_of_assignment / "config.yaml"
    path.write_text(path.read_text().replace("{name: dJ_dU, of: U,", "{name: dJ_dU, of: H,"))
    with pytest.raises(
        ConfigError, match=r"dJ_dU is the gradient of H, so expected the shape .* the solution has \(7, 11\)"
    ):
        _ = load_assignment(load_config(path), copy_of_assignment, with_solution=True).exact
