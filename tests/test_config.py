"""config.yaml and its errors: one line, with the file, the line, the key, what was expected and what was found."""

import json
from pathlib import Path

import pytest
from conftest import ROOT

from grader.config.find import find_config
from grader.config.keys import Config, schema
from grader.config.load import load_config
from grader.errors import ConfigError
from grader.problem.assignment import load_assignment

TEXT = (ROOT / "config.yaml").read_text()
SEED = load_config(ROOT / "config.yaml").steps.seed

# (what stands in the file, what to put there, the key's path, words of the message)
MISTAKES = [
    ("wall_factor:", "wall_facto:", "sandbox.wall_facto", "unknown key; did you mean wall_factor?"),
    ("title:", "titel:", "titel", "unknown key; did you mean title?"),
    ("require: strong", "zzz: 3", "sandbox.zzz", "unknown key; expected one of require, call_cpu_seconds"),
    ("count: 4", "count: four", "steps.count", "expected int, found str ('four')"),
    ("count: 4", "count: 1", "steps.count", "expected int >= 2 (1)"),
    (f'"{SEED}"', "590233417", "steps.seed", "import secrets; print(secrets.token_hex(16))"),
    (f'"{SEED}"', f'"{SEED[1:]}"', "steps.seed", "expected 32 hexadecimal digits in quotes"),
    (f'"{SEED}"', f'"{SEED[1:]}g"', "steps.seed", "expected 32 hexadecimal digits in quotes"),
    (f'"{SEED}"', 32 * "7", "steps.seed", "found 32 characters, int"),
    ("tolerance: 1e-6", "tolerance: small", "checks.finite_difference.tolerance", "expected float, found str"),
    (
        "sample: normal, shape: [V, d]",
        "sample: norml, shape: [V, d]",
        "quantities.L.sample",
        "found norml; did you mean normal?",
    ),
    ("scale: 0.5}", "scal: 0.5}", "quantities.H.scal", "unknown key; did you mean scale?"),
    ("[V, d]", "[V, q]", "quantities.L.shape[1]", "expected a dimension (V, d, Dh), found q"),
    ("[V, d]", "[V, 0]", "quantities.L.shape[1]", "expected a dimension (V, d, Dh), found 0"),
    ("[V, d]", "[]", "quantities.L.shape", "expected at least one axis, found none"),
    ("[5, 6, 4]", "[5, 6, 9]", "dimensions.d[2]", "expected a size different from V, found 9 for both"),
    ("[5, 6, 4]", "[5, 6]", "dimensions", "expected equally many sizes for every dimension, found V 3, d 2, Dh 3"),
    ("[5, 6, 4]", "[5, 6, 1]", "dimensions.d[2]", "expected int >= 2"),
    ("  V: [", "  V-x: [", "dimensions.V-x", "expected a name of letters, digits and _, found 'V-x'"),
    ("of: U,", "of: UU,", "gradients[1].of", "found UU; did you mean U?"),
    ("of: U,", "of: y,", "gradients[1].of", "expected a quantity of real numbers, found y"),
    ("name: dJ_dU", "name: dJ_db2", "gradients[1].name", "expected a name of its own, found dJ_db2 again"),
    ("- {name: dJ_dU", "- {nam: dJ_dU", "gradients[1].nam", "unknown key; did you mean name?"),
    ("of: U, max_score: 15", "of: U", "gradients[1]", "the key max_score is missing"),
    ("of: U, max_score: 15", "of: U, max_score: -1", "gradients[1].max_score", "expected float > 0"),
    (
        "of: U, max_score: 15",
        "of: U, max_score: 15, shares: {shape: 1, finite_difference: 1, reference: 0}",
        "gradients[1].shares",
        "expected shares that add up to 1, found 2",
    ),
    ("submission: gradients.py", "submission: a/gradients.py", "submission", "expected str matching regex"),
    ("share: 0.2", "share: 0.3", "checks", "expected shares that add up to 1, found 1.1"),
    ("share: 0.2", "share: 1.3", "checks.shape.share", "expected float <= 1.0"),
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
        )


def test_a_number_may_be_written_without_a_dot() -> None:
    assert load_config(ROOT / "config.yaml").checks.finite_difference.tolerance == 1e-6


@pytest.mark.parametrize("content", [b"", b"- 1\n", b"just words\n", b"\xff\xfe\x00", b"a: &a [*a]\n", b"{" * 5000])
def test_a_file_that_is_no_config_at_all_is_a_config_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"config\.yaml"):
        load_config(path)


def test_without_a_config_the_message_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no config\.yaml in .* or above.*--config"):
        find_config(tmp_path)


def test_the_nearest_config_upwards_is_found(copy_of_assignment: Path) -> None:
    assert find_config(copy_of_assignment / "assignment") == copy_of_assignment.resolve() / "config.yaml"


def test_the_schema_that_editors_use_is_the_one_of_the_types() -> None:
    kept = ROOT / "docs" / "config.schema.json"
    assert kept.read_bytes() == schema(), "run `make schema`"
    assert TEXT.startswith("# yaml-language-server: $schema=docs/config.schema.json\n")


def test_every_key_that_the_types_know_stands_in_the_file_with_a_comment() -> None:
    definitions = json.loads(schema())["$defs"]
    keys = {key for name, d in definitions.items() for key in d.get("properties", {}) if name != "Shares"}
    missing = [key for key in sorted(keys) if f"{key}:" not in TEXT]
    written_by_the_grader, optional = {"handout"}, {"solution"}
    assert set(missing) - optional == written_by_the_grader


# What is wrong with the files that a config names: (file, old text, new text or None to delete it, words).
FILES = [
    ("assignment/model.py", "def h(", "def hh(", "expected a function h(...), found none"),
    ("assignment/model.py", "def h(z):", "def h(zz):", "h(zz): zz is no quantity of config.yaml"),
    ("assignment/model.py", "def e(L, x):", "def e(L, x, z):", "quantities cannot need themselves"),
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
    ("assignment/model.py", "return sigmoid(z)", "return sigmoid(z) * 0", "h: expected no zeros at sample point 1"),
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
