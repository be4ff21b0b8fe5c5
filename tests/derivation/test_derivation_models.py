"""Whole models: the bundled assignment's formulas, letter by letter, and others against the numerical derivative."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from derivation_points import bundled_points

import grader.derivation as engine

WANTED = {
    "dJ_db2": ("b2", "s.y_hat - s.y"),
    "dJ_dU": ("U", "s.h.T @ dJ_db2(s)"),
    "dJ_dh": ("h", "dJ_db2(s) @ s.U.T"),
    "dJ_db1": ("b1", "dJ_dh(s) * s.h * (1 - s.h)"),
    "dJ_dL_x": ("e", "dJ_db1(s) @ s.I.T"),
    "dJ_dI": ("I", "s.e.T @ dJ_db1(s)"),
    "dJ_dH": ("H", "s.h_prev.T @ dJ_db1(s)"),
    "dJ_dh_prev": ("h_prev", "dJ_db1(s) @ s.H.T"),
}


@pytest.fixture(scope="module")
def formulas() -> dict[str, engine.Formula]:
    wrt = {name: of for name, (of, _) in WANTED.items()}
    return engine.derive(ROOT / "assignment/model.py", points=bundled_points(), wrt=wrt, loss="J")


@pytest.mark.parametrize("name", WANTED)
def test_the_bundled_solution_is_derived_letter_by_letter(formulas: dict[str, engine.Formula], name: str) -> None:
    last = formulas[name].code.strip().splitlines()[-1]
    assert last == f"    return {WANTED[name][1]}"
    assert last in (ROOT / "solutions/gradients.py").read_text().splitlines()
    assert formulas[name].verified
    assert formulas[name].general


def test_the_code_runs_and_gives_the_value(formulas: dict[str, engine.Formula]) -> None:
    point = bundled_points()[1]
    code = "import numpy as np\n" + "\n".join(formula.code for formula in formulas.values())
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    derivation = formulas["dJ_dU"].derivation
    s = SimpleNamespace(**derivation.plain[1].values)
    for name, formula in formulas.items():
        assert np.allclose(namespace[name](s), formula.value_at(point), rtol=1e-13)


def write(folder: Path, source: str) -> Path:
    path = folder / "model.py"
    path.write_text("import numpy as np\n\n\n" + source)
    return path
