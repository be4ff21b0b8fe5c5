"""Where a loop over time, or a function that returns several gradients, first goes wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.config.load import load_config
from grader.diagnosis.traced.landmarks import make_landmarks
from grader.diagnosis.traced.location import locate
from grader.grading.running import make_sandbox
from grader.problem.assignment import load_assignment
from grader.records.result import Diagnosis, Mistake
from grader.records.run import Run as Answers
from grader.sandbox.zygotes import start_spawner

GALLERY = Path(__file__).parents[1] / "gallery"
LOOP = (GALLERY / "bptt/right/plain.py").read_text(encoding="utf-8")
ARRAYS = (GALLERY / "bptt/right/deltas.py").read_text(encoding="utf-8")
AFFINE = (GALLERY / "affine-relu-dropout/right/plain.py").read_text(encoding="utf-8")
FORWARD = Diagnosis("exact", [Mistake("operand-order", "the steps", "", "")])
Locate = Callable[..., str]


def locating(name: str) -> Iterator[Locate]:
    """What is said of the place of a gradient's mistake, after lines of a right file have been replaced."""
    config, folder = load_config(GALLERY / name / "config.yaml"), GALLERY / name
    assignment = load_assignment(config, folder, with_solution=True)
    landmarks = make_landmarks(assignment)
    with make_sandbox(assignment, lambda: start_spawner(folder / config.model, config.sandbox)) as sandbox:

        def located(source: str, gradient: str, diagnosis: Diagnosis | None = None) -> str:
            traces = sandbox.trace(source.encode(), [gradient], Answers({}))[gradient]
            traced = [answer.traced for answer in traces]
            return locate(assignment, landmarks, gradient, traced, diagnosis=diagnosis)

        yield located


@pytest.fixture(scope="module")
def recurrent() -> Iterator[Locate]:
    yield from locating("bptt")


@pytest.fixture(scope="module")
def affine() -> Iterator[Locate]:
    yield from locating("affine-relu-dropout")


@pytest.fixture(scope="module")
def convolution() -> Iterator[Locate]:
    yield from locating("convolution")


@pytest.fixture(scope="module")
def normalization() -> Iterator[Locate]:
    yield from locating("batch-norm")


def first_wrong(where: str, what: str) -> str:
    return f"Before {where} your values match the derivation; in {where.removesuffix(' of backward')}, {what} does not"


def changed(source: str, old: str, new: str) -> tuple[str, str]:
    """The source with a line replaced, and where that line is."""
    assert source.count(old) == 1
    before = source[: source.index(old)].count("\n")
    return source.replace(old, new), f"line {before + 1} of backward"


@pytest.mark.parametrize(
    "source, gradient, old, new, what",
    [
        (LOOP, "dbh", "dz = dh * (1 - h**2)", "dz = dh", "`dz`"),
        (LOOP, "dWhh", "dz = dh * (1 - h**2)", "dz = dh", "`dz`"),
        (LOOP, "dX", "dh_next = dz @ s.Whh.T", "dh_next = dh_next + dz @ s.Whh.T", "`dh_next`"),
        (LOOP, "dWhh", "dWhh += h_prev.T @ dz", "dWhh += h.T @ dz", "`dWhh`"),
        (LOOP, "dWxh", "dWxh += x.T @ dz", "dWxh += 2 * x.T @ dz", "`dWxh`"),
        (LOOP, "dWxh", "dWhh += h_prev.T @ dz", "dWhh += h.T @ dz", ""),
        (ARRAYS, "dWhh", '"dWhh": before.T @ dZ', '"dWhh": s.hs.T @ dZ', "what it returns for dWhh"),
        (ARRAYS, "dh0", '"dh0": dZ[:1] @ s.Whh.T', '"dh0": dZ[:1]', "what it returns for dh0"),
        (ARRAYS, "dWhh", "[s.h0, s.hs[:-1]]", "[np.zeros_like(s.h0), s.hs[:-1]]", "`before`"),
    ],
)
def test_the_first_wrong_line_in_time_is_named(
    recurrent: Locate, source: str, gradient: str, old: str, new: str, what: str
) -> None:
    wrong, where = changed(source, old, new)
    assert recurrent(wrong, gradient) == (what and first_wrong(where, what))


def test_values_are_not_said_to_match_before_a_line_where_another_gradient_went_wrong(recurrent: Locate) -> None:
    wrong, _ = changed(LOOP, "dWhy += h.T @ dy", "dWhy += 2 * h.T @ dy")
    wrong, where = changed(wrong, "dz = dh * (1 - h**2)", "dz = dh")
    assert recurrent(wrong, "dbh") == f"In {where}, `dz` does not match the derivation"


def test_a_quantity_under_the_name_of_a_gradient_is_the_mistake_and_not_what_is_made_of_it(recurrent: Locate) -> None:
    wrong, where = changed(ARRAYS, "dlogits = s.P - s.Y", "dlogits = s.P")
    for gradient in ("dby", "dWhy"):
        assert recurrent(wrong, gradient) == f"In {where}, `dlogits` does not match the derivation"


def test_a_quantity_under_another_name_is_not_blamed(recurrent: Locate) -> None:
    wrong, _ = changed(ARRAYS, "dlogits = s.P - s.Y", "probabilities = s.P")
    wrong, where = changed(wrong.replace("@ dlogits", "@ (s.P - s.Y)"), '"dby": dlogits', '"dby": probabilities')
    assert recurrent(wrong, "dby").startswith(f"Before {where} your values match")


def test_of_steps_in_the_wrong_order_the_line_of_the_loop_is_named(recurrent: Locate) -> None:
    wrong, where = changed(LOOP, "for t in reversed(range(T)):", "for t in range(T):")
    said = recurrent(wrong, "dbh", FORWARD)
    assert said == first_wrong(where, "the order of the steps")


def test_gradients_that_are_returned_in_the_wrong_order_are_wrong_where_they_are_returned(affine: Locate) -> None:
    wrong = AFFINE.replace("return dx, dw, db", "return dw, dx, db")
    line = next(n for n, text in enumerate(wrong.splitlines(), 1) if text.strip() == "return dw, dx, db")
    for name in ("dx", "dw"):
        assert affine(wrong, name).startswith(f"Before line {line} of affine_backward your values match")


WINDOWS = """
import numpy as np
def dJ_dx(s):
    K = s.w.shape[2]
    padded = np.pad(dJ_dz(s), ((0, 0), (K - 1, K - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, K, axis=1)
    return np.einsum("ftk,fck->ct", windows, s.w)
"""


@pytest.mark.parametrize(
    ("place", "code", "what"),
    [
        ("w", 'return np.einsum("ftk,fck->ct", windows, s.w)', "what dJ_dx returns"),
        ("dJ/dz", "padded = np.pad(dJ_dz(s), ((0, 0), (K - 1, K - 1)))", "`padded`"),
    ],
)
def test_what_is_padded_is_to_blame_only_if_the_diagnosis_is_about_what_it_is_made_of(
    convolution: Locate, place: str, code: str, what: str
) -> None:
    diagnosis = Diagnosis("exact", [Mistake("transpose", place, "", "")])
    source = (GALLERY / "convolution/right/plain.py").read_text(encoding="utf-8") + WINDOWS
    line = next(number for number, text in enumerate(source.splitlines(), 1) if text.strip() == code)
    assert f"n line {line}, {what} does not" in convolution(source, "dJ_dx", diagnosis)


ENTRIES = (GALLERY / "batch-norm/right/loops.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("grad[n, d] = upstream[n, d] / std[d]", "grad[n, d] = upstream[n, d] * std[d]"),
        (
            "grad[n, d] += 2 * (s.x[n, d] - s.mu[d]) / N * dvar[d]",
            "grad[n, d] += 2 * (s.x[n, d] - s.mu[d]) * dvar[d]",
        ),
        ("grad[n, d] += dmu[d] / N", "grad[n, d] += dmu[d] / D"),
    ],
)
def test_of_the_lines_that_fill_one_entry_the_one_that_spoils_it_is_named(
    normalization: Locate, old: str, new: str
) -> None:
    source, _ = changed(ENTRIES, old, new)
    line = next(number for number, text in enumerate(source.splitlines(), 1) if text.strip() == new)
    assert f"line {line}, `grad`" in normalization(source, "dJ_dx")
