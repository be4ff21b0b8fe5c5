"""Can the gradients be derived from the model, and does the solution agree?  Pure."""

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.errors import ConfigError
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.validation.finding import Finding, finding

if TYPE_CHECKING:
    from grader.problem.derived import Derived

AGREES = 1e-12


def check_derivation(assignment: Assignment) -> Finding:
    """The gradients as derived from the model, compared with a hand-written solution where there is one."""
    from grader.problem.derived import Derived

    try:
        derived = Derived(assignment.config, assignment.graph, assignment.points)
    except ConfigError as error:
        return Finding(
            "derivation",
            "warning",
            "the model cannot be differentiated: `grader explain` has nothing to show, and at home `grader check` checks"
            " numbers, without follow-through, and says little about what is wrong",
            [str(error), *_unchecked_at_home(assignment)],
        )
    if not assignment.config.solution:
        return Finding("derivation", "passed", "every gradient is derived from the model")
    return finding(
        "derivation",
        "every gradient is derived from the model, and equals the solution",
        "the solution differs from what is derived from the model",
        list(_differences(assignment, derived)),
    )


def _unchecked_at_home(assignment: Assignment) -> Iterator[str]:
    """The gradients that nothing but the solution gives exactly."""
    exact = dataclasses.replace(assignment, solution=None).by_complex_steps
    if names := [name for name in assignment.names if name not in exact]:
        yield f"{', '.join(names)} cannot be checked at home at all: the model takes no complex numbers either"


def _differences(assignment: Assignment, derived: "Derived") -> Iterator[str]:
    for name in assignment.names:
        for k, (point, right) in enumerate(zip(assignment.points, assignment.exact[name], strict=True), start=1):
            error = relative_error(right, derived(name, point)[0], point.noise)
            if not error <= AGREES:
                formula = derived.formulas[name].text
                yield f"{name}: relative error {error:.1e} at sample point {k}; derived: {name} = {formula}"
                break
